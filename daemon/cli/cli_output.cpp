#include "daemon/cli/cli_output.hpp"

#include "daemon/client/api_client.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace sluice::daemon {

Tone tone_of_state(std::string_view state) {
  if (state == "SUCCESS") return Tone::good;
  if (state == "FAILURE" || state == "LOST") return Tone::bad;
  if (state == "RETRY_WAIT" || state == "FROZEN" || state == "KILLING") return Tone::warn;
  if (state == "RUNNING") return Tone::strong;
  return Tone::faint;
}

Exit print_json(const boost::json::value& value, Console& console) {
  console.out << boost::json::serialize(value) << '\n';
  return Exit::done;
}

boost::json::value with_member(boost::json::value answer, std::string_view key) {
  const auto* object = answer.if_object();
  if (object == nullptr || !object->contains(key)) {
    throw CommandFailure(Exit::failed, fmt::format("read the daemon's answer: it has no \"{}\"", key));
  }
  return answer;
}

void require_progress(bool moved) {
  if (!moved) throw CommandFailure(Exit::failed, "read the daemon's answer: its pages do not go on");
}

void tell_of_more(std::size_t shown, Console& console) {
  console.err << fmt::format("sluice: there are more than these {}: --limit N shows more\n",
                             count_text(shown));
}

}  // namespace sluice::daemon
