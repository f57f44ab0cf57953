#include "core/job/job_keys.hpp"

#include "core/job/civil_time.hpp"
#include "core/job/yaml_document.hpp"
#include "core/job/yaml_map.hpp"
#include "tests/unit/core/job/job_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

// What a job file is put together from; each part may be replaced.
struct Parts {
  std::string top = "schedule: {cycle: minute}\n";
  std::string reader_plugin = "otsstream";
  std::string reader = "dataTable: t, mode: single_version_and_update_only, column: [{name: uid}]";
  std::string source = "datasource: orders_ots";
  std::string times = "startTimestampMillis: '${s}', endTimestampMillis: '${e}'";
  std::string writer_plugin = "oss";
  std::string writer = "datasource: archive_oss, object: p/";
  std::string format = "fileFormat: csv";
  std::string setting;
};

std::string text_of(const Parts& parts) {
  return fmt::format(
      "name: orders\n{}parameters: {{s: '$[yyyymmddhh24miss-1/24]', e: '$[yyyymmddhh24miss]'}}\nscript: "
      "{{inline: {{configuration: {{setting: {{{}}}, reader: {{plugin: {}, parameter: {{{}, {}, {}}}}}, "
      "writer: {{plugin: {}, parameter: {{{}, {}}}}}}}}}}}\n",
      parts.top, parts.setting, parts.reader_plugin, parts.source, parts.reader, parts.times,
      parts.writer_plugin, parts.writer, parts.format);
}

// The first cycle or plugin that has the key.
std::string first_place(const JobKey& key) { return std::string(key.where.substr(0, key.where.find(','))); }

void put_top_key(const JobKey&, const std::string& line, std::string_view path, Parts& parts) {
  if (path.empty()) {
    parts.top += line + "\n";
  } else if (path == "dependsOn.jobs[]") {
    parts.top +=
        fmt::format("dependsOn: {{jobs: [{{{}{}}}]}}\n", line.starts_with("job:") ? "" : "job: u, ", line);
  } else {
    parts.top += fmt::format("{}: {{{}}}\n", path, line);
  }
}

void put_schedule_key(const JobKey& key, const std::string& line, Parts& parts) {
  const std::string cycle = first_place(key);
  std::string more = cycle.empty() || key.name == "cycle" ? "" : "cycle: " + cycle + ", ";
  if (cycle == "week" && key.name != "on") more += "on: [mon], ";
  parts.top = fmt::format("schedule: {{{}{}}}\n", more, line);
}

void put_reader_key(const JobKey& key, const std::string& line, std::string_view path, Parts& parts) {
  if (key.is_of("ots") && !key.where.empty()) parts.reader_plugin = "ots";
  if (parts.reader_plugin == "ots") parts.reader = "dataTable: t, column: [{name: uid}]";
  if (path.find("range") != std::string_view::npos) parts.reader_plugin = "ots";
  if (path == "reader.parameter") {
    if (key.name.ends_with("Millis")) {
      parts.times =
          key.name.starts_with("start") ? "endTimestampMillis: '${e}'" : "startTimestampMillis: '${s}'";
    } else if (key.name.ends_with("TimeString")) {
      parts.times = key.name.starts_with("start") ? "endTimeString: '${e}'" : "startTimeString: '${s}'";
    }
    if (key.name == "datasource") parts.source = line;
    if (key.name == "dataTable") parts.reader = replaced(parts.reader, "dataTable: t, ", "");
    if (key.name == "mode" || key.name == "column")
      parts.reader = key.is_of("ots") && key.name == "mode" ? "dataTable: t, column: [uid]" : "dataTable: t";
    if (key.name != "datasource") parts.reader += ", " + line;
  } else if (path == "reader.parameter.column[]") {
    parts.reader = fmt::format("dataTable: t, {}column: [{{{}{}}}]",
                               parts.reader_plugin == "ots" ? "" : "mode: single_version_and_update_only, ",
                               key.name == "name" ? "" : "name: uid, ", line);
  } else if (path == "reader.parameter.range") {
    parts.reader = fmt::format("dataTable: t, column: [uid], range: {{{}}}", line);
  } else {
    parts.reader = fmt::format("dataTable: t, column: [uid], range: {{begin: [{{{}{}}}]}}",
                               key.name == "type" ? "" : "type: STRING, ", line);
  }
}

void put_writer_key(const JobKey& key, const std::string& line, std::string_view path, Parts& parts) {
  if (path == "writer.parameter.csvWriterConfig") {
    parts.format += fmt::format(", csvWriterConfig: {{{}}}", line);
    return;
  }
  if (key.is_of("stream") && !key.where.empty()) {
    parts.writer_plugin = "stream";
    parts.writer = "nullFormat: ''";
  } else if (!key.where.empty() && !key.is_of("oss")) {
    parts.writer_plugin = "localfile";
    parts.writer = "directory: /x, object: p/";
  }
  if (parts.writer.find(std::string(key.name) + ": ") != std::string::npos) {
    parts.writer = key.name == "datasource" ? "object: p/"
                   : key.name == "object"   ? "datasource: archive_oss"
                                            : "object: p/";
  }
  if (key.name == "fileFormat") parts.format = line;
  if (key.name != "fileFormat") parts.writer += ", " + line;
}

void put_setting_key(const std::string& line, std::string_view path, Parts& parts) {
  parts.setting = path == "setting" ? line : fmt::format("{}: {{{}}}", path.substr(8), line);
}

// A job file that is right, but for `name: value` in the map at `path`.
std::string file_with(std::string_view path, const JobKey& key, std::string_view name,
                      std::string_view value) {
  Parts parts;
  const std::string line = fmt::format("{}: {}", name, value);
  if (path == "script") {
    std::string text = text_of(parts);
    return text.replace(text.find("script: {"), 9, "script: {" + line + ", ");
  }
  if (path == "schedule") {
    put_schedule_key(key, line, parts);
  } else if (path.starts_with("reader")) {
    put_reader_key(key, line, path, parts);
  } else if (path.starts_with("writer")) {
    put_writer_key(key, line, path, parts);
  } else if (path.starts_with("setting")) {
    put_setting_key(line, path, parts);
  } else {
    put_top_key(key, line, path, parts);
  }
  std::string text = text_of(parts);
  if (path.empty() && (key.name == "name" || key.name == "parameters" || key.name == "schedule")) {
    const std::size_t at = text.find(std::string(key.name) + ":");
    text.erase(at, text.find('\n', at) + 1 - at);
  }
  if (path.empty() && key.name == "script") text.erase(text.rfind("script: "));
  INFO(text);
  REQUIRE(parse_yaml(text).has_value());
  return text;
}

// The messages about the key, as "error: ...".
std::vector<std::string> said_of(std::string_view path, const JobKey& key, const std::string& text) {
  std::string full = path.empty() ? std::string(key.name) : fmt::format("{}.{}", path, key.name);
  for (std::size_t at = full.find("[]"); at != std::string::npos; at = full.find("[]"))
    full.replace(at, 2, "[0]");
  std::vector<std::string> said;
  for (const Problem& problem : load(text).problems) {
    const std::string_view message = problem.message;
    if (!message.starts_with(full)) continue;
    const std::string_view behind = message.substr(full.size());
    if (behind.starts_with(":") || behind.starts_with(".") || behind.starts_with("["))
      said.push_back(problem.message);
  }
  return said;
}

bool is_refused(const std::vector<std::string>& said) {
  return std::any_of(said.begin(), said.end(), [](const std::string& one) {
    return one.find("expected") != std::string::npos || one.find("not known") != std::string::npos ||
           one.find("longer than") != std::string::npos || one.find("refused") != std::string::npos;
  });
}

template <class Check>
void for_each_key(const Check& check) {
  for (const KeySection& section : job_key_sections()) {
    for (const JobKey& key : section.keys) {
      INFO(section.path << " / " << key.name << " (" << key.where << ")");
      check(section.path, key);
    }
  }
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(", "), text.size());
    words.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 2, text.size()));
  }
  return words;
}

// Values that must be taken, and values that must not.
struct Samples {
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

std::string milliseconds(Duration length) {
  return fmt::format("{}ms", std::chrono::duration_cast<std::chrono::milliseconds>(length).count());
}

void add_range(const JobKey& key, std::string_view least, std::string_view most, Samples& samples) {
  samples.good.emplace_back(least);
  if (!most.empty()) samples.good.emplace_back(most);
  if (key.type == "duration") {
    const Duration low = parse_duration(least).value();
    if (low > Duration(0)) samples.bad.push_back(milliseconds(low - std::chrono::milliseconds(1)));
    samples.bad.push_back(milliseconds(parse_duration(most).value() + std::chrono::milliseconds(1)));
  } else if (key.type == "number") {
    samples.bad.push_back(std::to_string(parse_integer(least).value() - 1));
    if (!most.empty()) samples.bad.push_back(std::to_string(parse_integer(most).value() + 1));
  } else if (key.type == "fraction") {
    samples.bad = {"-0.001", "1.001"};
  } else {
    samples.bad = {"\"24:00\"", "\"-1:59\""};
  }
}

Samples samples_of(const JobKey& key) {
  Samples samples;
  std::string_view limits = key.limits;
  if (key.type == "boolean") limits = limits.empty() ? "true, false" : limits;
  if (key.type == "switch") limits = "on, off";
  if (limits.starts_with("off, auto or ")) {
    samples.good = {"off", "auto"};
    limits.remove_prefix(13);
  } else if (limits.starts_with("off or ")) {
    samples.good = {"off"};
    limits.remove_prefix(7);
  }
  if (limits.starts_with("at most ")) {
    const auto most = std::stoul(std::string(limits.substr(8)));
    const std::string first = key.name == "suffix" ? "." : "a";
    samples.good = {first + std::string(most - 1, 'a')};
    samples.bad = {first + std::string(most, 'a')};
  } else if (key.name == "unfinished") {
    samples.good = {"off", "\"00:00\"", "\"47:59\""};
    samples.bad = {"\"48:00\"", "soon"};
  } else if (const std::size_t dots = limits.find(" ..");
             dots != std::string_view::npos && key.type != "map") {
    const std::string_view most = limits.substr(dots + 3);
    add_range(key, limits.substr(0, dots), most.substr(std::min<std::size_t>(most.size(), 1)), samples);
  } else if (key.type == "word" || key.type == "boolean" || key.type == "switch") {
    samples.good = words_of(limits);
    samples.bad = {"nonsense"};
  }
  return samples;
}

// Everything that an attempt is told, as text.
std::string told(const Export& work) {
  const TableStoreSource& s = work.source;
  const Target& t = work.target;
  const Settings& x = work.settings;
  std::string out = fmt::format(
      "{} {} {} {} {} {} {} {} {} {} {}", static_cast<int>(s.mode), s.export_sequence, s.export_op_type,
      s.distinct_put, s.is_time_series, static_cast<int>(s.deletes), static_cast<int>(s.binary),
      static_cast<int>(s.non_finite), s.seek_by_time, s.max_retries, s.retry_budget.count());
  out += fmt::format(" | {} {} {} {} {} {} {} {}", s.compress_answers, static_cast<int>(s.on_gap),
                     s.settle.count(), s.retention_warning.count(), static_cast<int>(s.take_over),
                     s.hand_over, s.full_table_first, s.metadata_endpoint);
  for (const Column& column : s.columns)
    out += fmt::format(" {} {} {}", column.name, column.is_tag, column.is_date);
  out += fmt::format(" | {} {} {} {} {} {} {} {} {} {}", static_cast<int>(t.kind), t.metadata_endpoint,
                     t.cname, static_cast<int>(t.addressing), t.object, static_cast<int>(t.write_mode),
                     static_cast<int>(t.truncate_scope), static_cast<int>(t.file_format), t.encoding,
                     t.null_format);
  // An empty pattern is the usual one.
  const std::string dates = t.date_format.empty() ? "yyyy-MM-dd HH:mm:ss" : t.date_format;
  out += fmt::format(" | {} {} {} {} {} {} {} {}", dates, t.field_delimiter, t.line_delimiter,
                     static_cast<int>(t.csv.quotes), static_cast<int>(t.csv.escape), t.csv.qualifier,
                     t.csv.comment, t.binary_base64);
  out += fmt::format(" | {} {} {} {} {} {} {} {}", t.header.size(), t.suffix, static_cast<int>(t.compression),
                     t.write_single_object, t.empty_object, t.encryption, t.manifest, t.storage_class);
  out += fmt::format(" | {} {} {} {} {}", x.error_limit.has_value(), x.error_limit.value_or(0),
                     x.bytes_per_second, x.rows_per_second, x.shards_at_once);
  return out;
}

// What a job file comes to; "" and a failed check where it comes to nothing.
std::string meaning_of(std::string_view path, const std::string& text) {
  const LoadedJobs loaded = load(text);
  for (const Problem& problem : loaded.problems) UNSCOPED_INFO(to_string(problem));
  CHECK(loaded.jobs.size() == 1);
  if (loaded.jobs.empty()) return "";
  const Job& job = loaded.jobs.front();
  if (!path.starts_with("reader") && !path.starts_with("writer") && !path.starts_with("setting"))
    return job.version;
  const auto values = freeze(job, parse_local("2018-10-16T00:15+08:00").value());
  return told(resolve(job, values.value(), kSources).value());
}

}  // namespace

TEST_CASE("job keys: every declared key is one that the reader knows") {
  std::size_t keys = 0;
  for_each_key([&](std::string_view path, const JobKey& key) {
    for (const std::string_view name : {key.name, key.alias}) {
      if (name.empty()) continue;
      ++keys;
      std::vector<std::string> unknown;
      for (const Problem& problem : load(file_with(path, key, name, "~")).problems) {
        if (problem.message.find(fmt::format("{}: unknown key", name)) != std::string::npos)
          unknown.push_back(problem.message);
      }
      CHECK(unknown == std::vector<std::string>());
    }
  });
  CHECK(keys > 150);
}

TEST_CASE("job keys: the value of every declared key is looked at") {
  for_each_key([](std::string_view path, const JobKey& key) {
    if (key.type == "map" && key.use == KeyUse::effective) return;  // its own keys show it
    // Of no kind that a key has, but for lists, which a map is none of.
    const std::string text = file_with(path, key, key.name, key.type == "list" ? "{a: [1]}" : "[[1]]");
    INFO(text);
    CHECK_FALSE(said_of(path, key, text).empty());
  });
}

TEST_CASE("job keys: a value of a wrong kind is told of once") {
  for_each_key([](std::string_view path, const JobKey& key) {
    for (const std::string_view value : {"[[1]]", "{a: [1]}"}) {
      std::vector<std::string> told;
      for (const Problem& problem : load(file_with(path, key, key.name, value)).problems)
        told.push_back(to_string(problem));
      CAPTURE(path, key.name, value, told);
      std::sort(told.begin(), told.end());
      CHECK(std::adjacent_find(told.begin(), told.end()) == told.end());
    }
  });
}

TEST_CASE("job keys: declared limits and words are those of the reader") {
  std::size_t tried = 0;
  for_each_key([&](std::string_view path, const JobKey& key) {
    if (key.use != KeyUse::effective) return;
    const Samples samples = samples_of(key);
    for (const std::string& value : samples.good) {
      const auto said = said_of(path, key, file_with(path, key, key.name, value));
      INFO(value << ": " << fmt::format("{}", fmt::join(said, "; ")));
      CHECK_FALSE(is_refused(said));
      ++tried;
    }
    for (const std::string& value : samples.bad) {
      INFO(value);
      const std::string text = file_with(path, key, key.name, value);
      CHECK_FALSE(said_of(path, key, text).empty());
      ++tried;
    }
  });
  CHECK(tried > 200);
}

TEST_CASE("job keys: giving a key its declared default changes nothing") {
  std::size_t tried = 0;
  for_each_key([&](std::string_view path, const JobKey& key) {
    if (key.use != KeyUse::effective || key.fallback.empty() || key.fallback.starts_with('(')) return;
    const std::string without = meaning_of(path, file_with(path, key, key.name, "~"));
    const bool bare = key.type == "time of day" || key.type == "date";
    const std::string value = bare ? fmt::format("\"{}\"", key.fallback) : std::string(key.fallback);
    CHECK(meaning_of(path, file_with(path, key, key.name, value)) == without);
    ++tried;
  });
  CHECK(tried > 50);
}

TEST_CASE("job keys: an unknown key is told the nearest declared one") {
  const auto with = [](std::string_view from, std::string_view to) { return problems_after(from, to); };
  CHECK(with("dataTable: orders", "dateTable: orders").back().find("did you mean dataTable?") !=
        std::string::npos);
  CHECK(with("interval: 5m}", "intervall: 5m}").back().find("did you mean interval?") != std::string::npos);
  CHECK(with("fileFormat: csv", "fileformat: csv").back().find("did you mean fileFormat?") !=
        std::string::npos);
  CHECK(with("rerun: {times", "rerun: {time").back().find("did you mean times?") != std::string::npos);
}
