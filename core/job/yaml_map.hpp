#pragma once
// Typed reading of a YAML map. Everything wrong goes to a ProblemList with its path and place; a reader gets
// nothing for a value that is absent or wrong, and goes on.

#include "core/base/time.hpp"
#include "core/job/problems.hpp"
#include "core/job/yaml_document.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::job {

// Each key asked for becomes a known one; finish() reports the rest. Numbers and booleans may be strings. A
// key without value counts as absent. The node and the list must outlive the reader.
class YamlMap {
 public:
  // Reports duplicate keys, and a `node` that is no map. `path` is "" for the document itself.
  YamlMap(const YamlNode& node, std::string path, ProblemList& problems);

  // The value, or null when it is absent.
  const YamlNode* get(std::string_view key);

  // get(), but an absent value is reported: "reader.parameter.column: missing; HINT".
  const YamlNode* require(std::string_view key, std::string_view hint);

  std::optional<std::string> text(std::string_view key);

  // Decimal digits with an optional sign; nothing else is a number here ("010" is 10, "0x1F" is refused).
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max);

  // true and false in any letter case.
  std::optional<bool> boolean(std::string_view key);

  // "90s", "5m", "1h", "2d", "500ms".
  std::optional<Duration> duration(std::string_view key, Duration min, Duration max);

  // The place in `words` of the value, which must be one of them exactly.
  std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string_view>& words);

  // A list of scalars; nothing when absent.
  std::optional<std::vector<std::string>> texts(std::string_view key);

  // A map inside this one; absent or wrong: an empty map that knows its path.
  YamlMap map(std::string_view key);

  // Accepts a key that has no effect here; with `reason` a given value is warned about.
  void ignore(std::string_view key, std::string_view reason = {});

  // Reports every key nobody asked for, with the known one it may be meant to be.
  void finish();

  // The same for a map whose keys are declared (job_keys.hpp), which are all it may have been asked for.
  void finish(const std::vector<std::string_view>& declared);

  // "reader.parameter.column"
  std::string path(std::string_view key) const;

  void error(std::string_view key, std::string_view message);
  void warning(std::string_view key, std::string_view message);

  // Of the value of `key`, or of the map when there is none.
  Place place(std::string_view key) const;
  ProblemList& problems() const noexcept { return *problems_; }
  const YamlNode& node() const noexcept { return *node_; }

 private:
  // The scalar of `key`; wrong kinds are reported as not being `expected`.
  const YamlNode* scalar(std::string_view key, std::string_view expected);
  void report_duplicates();
  void report_unknown(const std::vector<std::string_view>& candidates);

  const YamlNode* node_;
  std::string path_;
  ProblemList* problems_;
  std::vector<std::string_view> known_;  // views of literals or of the callers' constants
};

// A word of the file and what it stands for.
template <class Value>
using Word = std::pair<std::string_view, Value>;

// Sets `value` to what the word given for `key` stands for; leaves it when that is absent or wrong.
template <class Value, std::size_t count>
void read_word(YamlMap& map, std::string_view key, const std::array<Word<Value>, count>& words,
               Value& value) {
  std::vector<std::string_view> texts;
  for (const Word<Value>& word : words) texts.push_back(word.first);
  if (const auto place = map.choice(key, texts)) value = words[*place].second;
}

// Reads "5m", "90s", "500ms", "1h", "2d". Nothing for other text or an overflow.
std::optional<Duration> parse_duration(std::string_view text);

// Decimal digits with an optional sign.
std::optional<std::int64_t> parse_integer(std::string_view text);

}  // namespace sluice::job
