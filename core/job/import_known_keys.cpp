#include "core/job/import_known_keys.hpp"

#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace sluice::job {
namespace {

bool same_key(std::string_view written, std::string_view known) {
  return written.size() == known.size() && !written.empty() &&
         std::tolower(static_cast<unsigned char>(written.front())) == known.front() &&
         written.substr(1) == known.substr(1);
}

bool has_value(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::null) return false;
  return node.kind == YamlNode::Kind::scalar ? !node.text.empty() : !node.items.empty();
}

// A job's name of a node's: what is no letter or digit becomes "_", and Chinese letters are left out, as
// are "." and "-" at its beginning.
std::string job_name_of(std::string_view node_name) {
  std::string name;
  for (const char c : node_name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || (name.empty() && (c == '.' || c == '-'))) continue;
    name.push_back(std::isalnum(byte) != 0 || c == '_' || c == '.' || c == '-' ? c : '_');
  }
  return name.substr(0, 100);
}

}  // namespace

void take_keys(ImportWork& work, const YamlNode& node, std::string_view path, const std::string& file,
               std::span<const KnownKey> known) {
  if (!node.is_mapping()) {
    work.error(ImportPlace{file, node.place},
               fmt::format("{}: expected a map, got {}", path, kind_name(node)));
    return;
  }
  std::set<std::string> seen;
  for (std::size_t at = 0; at < node.items.size(); ++at) {
    const std::string& key = node.keys[at].text;
    const ImportPlace place{file, node.keys[at].place};
    if (!seen.insert(key).second) {
      work.error(place, fmt::format("{}.{}: the key is there twice", path, printable(key)));
      continue;
    }
    if (!has_value(node.items[at])) continue;
    const FoundValue value{work, node.items[at], key, place};
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const KnownKey& one) { return same_key(key, one.key); });
    if (found == known.end()) {
      value.note(Fate::unsupported, "is not known to the import: nothing was taken from it");
    } else if (found->take != nullptr) {
      found->take(value);
    } else {
      value.note(found->fate, std::string(found->text));
    }
  }
}

void take_timezone(const FoundValue& value) {
  const std::string& zone = value.text();
  // "GMT+08:00" as FlowSpec writes it. POSIX names count the other way round.
  if (zone.starts_with("GMT") && zone.size() == 9 && zone.ends_with(":00")) {
    const auto hours =
        zone[4] >= '0' && zone[4] <= '9' ? parse_integer(zone.substr(4, 2)) : std::nullopt;  // no second sign
    const std::int64_t hours_max = zone[3] == '+' ? 14 : 12;
    if (hours && *hours <= hours_max && (zone[3] == '+' || zone[3] == '-')) {
      const std::string name = zone == "GMT+08:00" ? "Asia/Shanghai"
                               : *hours == 0       ? "Etc/UTC"
                                             : fmt::format("Etc/GMT{}{}", zone[3] == '+' ? '-' : '+', *hours);
      value.keep("schedule.timezone", name);
      value.note(Fate::changed, fmt::format("as schedule.timezone: {}, the same offset", name));
      return;
    }
  }
  const bool legal = std::all_of(zone.begin(), zone.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '/' || c == '_' || c == '-' || c == '+';
  });
  if (zone.empty() || !legal) {
    value.work.error(value.place, fmt::format("{}: expected a time zone such as Asia/Shanghai, got \"{}\"",
                                              value.key, printable(zone)));
    return;
  }
  value.keep("schedule.timezone", zone);
  value.note(Fate::kept, fmt::format("as schedule.timezone: {}", zone));
}

void take_rerun_times(const FoundValue& value) {
  const auto times = parse_integer(value.text());
  if (!times || *times < 0) {
    value.work.error(value.place, fmt::format("{}: expected a number of reruns from 0 to 10, got \"{}\"",
                                              value.key, printable(value.text())));
    return;
  }
  value.keep("rerun.times", fmt::format("{}", *times));
  value.note(Fate::kept, fmt::format("as rerun.times: {}", *times));
}

void take_rerun_millis(const FoundValue& value) {
  const auto millis = parse_integer(value.text());
  if (!millis || *millis < 0) {
    value.work.error(value.place, fmt::format("{}: expected milliseconds from 0 to 1800000, got \"{}\"",
                                              value.key, printable(value.text())));
    return;
  }
  const std::string length = *millis != 0 && *millis % 60000 == 0 ? fmt::format("{}m", *millis / 60000)
                             : *millis % 1000 == 0                ? fmt::format("{}s", *millis / 1000)
                                                                  : fmt::format("{}ms", *millis);
  value.keep("rerun.interval", length);
  value.note(Fate::kept,
             fmt::format("as rerun.interval: {}, counted from the end of the failed run", length));
}

void take_priority(const FoundValue& value) {
  const auto priority = parse_integer(value.text());
  if (!priority || *priority < 1 || *priority > 9) {
    value.note(Fate::ignored, "is none of 1 to 9: the default, 1, holds");
    return;
  }
  value.keep("priority", fmt::format("{}", *priority));
  value.note(Fate::kept, fmt::format("as priority: {}", *priority));
}

void take_timeout(const FoundValue& value) {
  const bool standard = value.text() == "0";
  value.note(standard ? Fate::ignored : Fate::unsupported,
             standard ? "0 is the default of the system; here it is 72h"
                      : "its unit is not documented: write timeout: 2h or the like into the job file");
}

void take_cron(const FoundValue& value) { value.keep(std::string(kCronPath), value.text()); }

void take_node_name(const FoundValue& value) {
  const std::string name = job_name_of(value.text());
  if (name.empty()) {
    value.note(Fate::changed, "has no letter that a job's name may have; the name is another");
    return;
  }
  value.keep(std::string(kNamePath), name);
  value.note(name == value.text() ? Fate::kept : Fate::changed, fmt::format("as name: {}", name));
}

void tell_dependency(const FoundValue& value, std::string_view output) {
  if (output.ends_with("_root") || output == "dw_scheduler_pre_root") {
    value.note(Fate::ignored,
               fmt::format("{} is the workspace's root, which runs nothing", printable(output)));
    return;
  }
  value.note(Fate::unsupported,
             fmt::format("waits for {}: import that node too, and name its job in dependsOn.jobs",
                         printable(output)));
}

}  // namespace sluice::job
