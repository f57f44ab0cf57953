#include "daemon/cli/cli_output.hpp"

#include <boost/json.hpp>

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

}  // namespace sluice::daemon
