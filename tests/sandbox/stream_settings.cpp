#include "tests/sandbox/stream_settings.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <stdexcept>

namespace sluice::sandbox {

namespace json = boost::json;

void StreamSettings::change(const json::object& request) {
  StreamSettings changed = *this;
  for (const auto& [name, value] : request) {
    if (name == "enabling_requests")
      changed.enabling_requests = value.to_number<std::uint64_t>();
    else if (name == "enabling_ms")
      changed.enabling_ms = value.to_number<std::int64_t>();
    else if (name == "search_steps")
      changed.search_steps = value.to_number<std::int64_t>();
    else if (name == "moving_iterators")
      changed.moving_iterators = value.as_bool();
    else if (name == "may_more_record")
      changed.may_more_record = value.as_bool();
    else if (name == "empty_end")
      changed.empty_end = value.as_bool();
    else
      throw std::invalid_argument(fmt::format("streams: unknown key \"{}\"", std::string_view(name)));
  }
  *this = changed;
}

json::object StreamSettings::list() const {
  return {{"enabling_requests", enabling_requests}, {"enabling_ms", enabling_ms},
          {"search_steps", search_steps},           {"moving_iterators", moving_iterators},
          {"may_more_record", may_more_record},     {"empty_end", empty_end}};
}

}  // namespace sluice::sandbox
