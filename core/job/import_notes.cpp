// What became of the keys of a script, and what is otherwise than in the original.
#include "core/job/import_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace sluice::job {
namespace {

// What is to be said of a key although the check says nothing of it.
struct KeyRemark {
  std::string_view path;
  Fate fate;
  std::string_view text;
};

constexpr std::array<KeyRemark, 16> kRemarks{{
    {"reader.parameter.statusTable", Fate::changed,
     "not looked at without takeOver or handOver: positions are the daemon's own"},
    {"reader.parameter.maxRetries", Fate::changed, "counts for each request; the original ignores it"},
    {"reader.parameter.startTimestampMillis", Fate::changed,
     "14 digits are a local time in schedule.timezone; 13 digits are milliseconds, as in the original"},
    {"reader.parameter.endTimestampMillis", Fate::changed,
     "14 digits are a local time in schedule.timezone; 13 digits are milliseconds, as in the original"},
    {"reader.parameter.startTimeString", Fate::changed,
     "is read in schedule.timezone, not in the machine's zone"},
    {"reader.parameter.endTimeString", Fate::changed,
     "is read in schedule.timezone, not in the machine's zone"},
    {"reader.parameter.date", Fate::changed, "is read in schedule.timezone, not in the machine's zone"},
    {"writer.parameter.object", Fate::changed,
     "names are OBJECT__START_END_NNNN with a suffix, the same each time; the original's end in random "
     "letters"},
    {"writer.parameter.writeMode", Fate::changed,
     "looks at the objects of this window only; truncateScope: prefix gives the original's truncate back"},
    {"setting.speed.concurrent", Fate::kept, "so many shards are read at once"},
    {"setting.speed.channel", Fate::kept, "so many shards are read at once"},
    {"setting.errorLimit.record", Fate::kept, "dirty rows are kept in a file as well"},
    {"extend", Fate::ignored, "has no effect"},
    {"order", Fate::ignored, "there is one reader and one writer"},
    {"transform", Fate::ignored, "has no effect"},
    {"core", Fate::ignored, "belongs to the engine of DataX"},
}};

bool is_true(const YamlNode* node) {
  return node != nullptr && (node->text == "true" || node->text == "TRUE");
}

std::string_view text_of(const YamlNode& map, std::string_view key) {
  const YamlNode* found = map.find(key);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

// The problem that speaks of a key: its message begins with the path.
const Problem* problem_of(std::string_view path, const std::vector<Problem>& checked) {
  const Problem* found = nullptr;
  for (const Problem& problem : checked) {
    const std::string_view message = problem.message;
    if (!message.starts_with(path) || message.size() == path.size()) continue;
    const char next = message[path.size()];
    if (next != ':' && next != '[' && next != '.') continue;
    if (found == nullptr || problem.severity == Severity::error) found = &problem;
  }
  return found;
}

class KeyTeller {
 public:
  KeyTeller(ImportWork& work, const ImportedScript& script, const std::vector<Problem>& checked)
      : work_(work), script_(script), checked_(checked) {
    for (const ImportNote& note : work.result().notes) told_.insert(note.key);
  }

  void tell_all(const YamlNode& map, const std::string& path, bool deep) {
    for (std::size_t at = 0; at < map.items.size() && map.is_mapping(); ++at) {
      const std::string key = fmt::format("{}.{}", path, map.keys[at].text);
      if (deep && map.items[at].is_mapping() && !map.items[at].items.empty()) {
        tell_all(map.items[at], key, deep);
      } else {
        tell(map.keys[at], map.items[at], key);
      }
    }
  }

  // Keys around the parts.
  void tell_top() {
    constexpr std::array<std::string_view, 4> kParts{"configuration", "steps", "job", "setting"};
    const YamlNode& root = script_.root;
    for (std::size_t at = 0; at < root.keys.size(); ++at) {
      const std::string& key = root.keys[at].text;
      if (std::find(kParts.begin(), kParts.end(), key) == kParts.end())
        tell(root.keys[at], root.items[at], key);
    }
  }

 private:
  void tell(const YamlNode& key, const YamlNode& value, const std::string& path) {
    const ImportPlace place{work_.request().script_file, key.place};
    if (told_.contains(path)) return;
    if (const Problem* problem = problem_of(path, checked_)) {
      const std::size_t colon = problem->message.find(": ");
      const std::string text =
          colon == std::string::npos ? problem->message : problem->message.substr(colon + 2);
      work_.note(problem->severity == Severity::error ? Fate::unsupported : Fate::ignored, path, text, place);
      return;
    }
    if (path == "setting.speed.mbps" && !is_true(throttle())) {
      work_.note(Fate::ignored, path, "counts only with throttle: true, as in the original", place);
      return;
    }
    const bool empty = value.kind == YamlNode::Kind::null;
    const auto remark = std::find_if(kRemarks.begin(), kRemarks.end(),
                                     [&](const KeyRemark& one) { return one.path == path; });
    if (remark == kRemarks.end() || empty) {
      work_.note(Fate::kept, path, empty ? "has no value" : "", place);
    } else {
      work_.note(remark->fate, path, std::string(remark->text), place);
    }
  }

  const YamlNode* throttle() const {
    const YamlNode* speed = script_.setting.find("speed");
    return speed == nullptr ? nullptr : speed->find("throttle");
  }

  ImportWork& work_;
  const ImportedScript& script_;
  const std::vector<Problem>& checked_;
  std::set<std::string> told_;
};

bool is_row_mode(const ImportedScript& script) {
  const std::string_view mode = text_of(script.reader, "mode");
  return !mode.empty() && mode != "multi_version";
}
bool is_truncating(const ImportedScript& script) {
  const std::string_view mode = text_of(script.writer, "writeMode");
  return mode == "truncate" && !is_true(script.writer.find("writeSingleObject"));
}
bool is_csv(const ImportedScript& script) { return text_of(script.writer, "fileFormat") == "csv"; }
bool has_no_error_limit(const ImportedScript& script) { return script.setting.find("errorLimit") == nullptr; }
bool has_status_table(const ImportedScript& script) { return !text_of(script.reader, "statusTable").empty(); }
bool scans_first(const ImportedScript& script) {
  const YamlNode* seek = script.reader.find("enableSeekIterator");
  return seek == nullptr && has_status_table(script);
}
bool is_stream(const ImportedScript& script) {
  for (const std::string_view key : {"startTimestampMillis", "startTimeString", "date"}) {
    if (script.reader.find(key) != nullptr) return true;
  }
  return has_status_table(script);
}
bool is_column_mode(const ImportedScript& script) { return is_stream(script) && !is_row_mode(script); }
bool is_stream_row_mode(const ImportedScript& script) { return is_stream(script) && is_row_mode(script); }
bool is_series(const ImportedScript& script) { return is_true(script.reader.find("isTimeseriesTable")); }

// What compare-datax.md lists, where a job may rely on it.
struct Difference {
  bool (*holds)(const ImportedScript&);
  std::string_view text;
};

constexpr std::array<Difference, 13> kDifferences{{
    {is_stream,
     "2, 27: windows chain by position. A window that is skipped is no hole: its records come with the next"},
    {is_stream_row_mode,
     "9: deletes have no row, as in the original; exportOpType and deletes: export show them"},
    {scans_first,
     "13: a first window begins by time; enableSeekIterator: false gives the original's scan back"},
    {is_stream, "17: the server's clock decides when a window is over; one that is early is waited for"},
    {is_truncating,
     "19: truncate replaces the objects of its window; the original deletes all under the prefix, the "
     "day's earlier windows too"},
    {is_stream, "20: objects appear whole or not at all, under names that a reader can compute"},
    {is_stream, "23: times are read strictly, in schedule.timezone"},
    {is_stream,
     "28: after an outage longer than the retention the attempt fails and names the lost interval; onGap: "
     "continue goes on behind it"},
    {has_status_table,
     "29: nothing is written to the status table, so other tools do not see positions; handOver: true "
     "writes them"},
    {is_series, "31: _time and time both name the time of a series"},
    {is_column_mode,
     "32: a put without cells looks like a delete, as in the original; putMarker: P tells them apart"},
    {is_csv,
     "csv: blanks at the ends of values stay, and a CR alone is quoted; the suffix is .csv unless given"},
    {has_no_error_limit, "errorLimit: without it no dirty row is allowed; in the original any number"},
}};

}  // namespace

void note_script_keys(ImportWork& work, const ImportedScript& script, const std::vector<Problem>& checked) {
  KeyTeller teller(work, script, checked);
  teller.tell_top();
  teller.tell_all(script.reader, "reader.parameter", false);
  teller.tell_all(script.writer, "writer.parameter", false);
  teller.tell_all(script.setting, "setting", true);
}

void note_differences(ImportWork& work, const ImportedScript& script) {
  for (const Difference& one : kDifferences) {
    if (one.holds(script)) work.result().differences.emplace_back(one.text);
  }
}

}  // namespace sluice::job
