#pragma once
// A YAML or JSON document as a tree that knows the place of everything in it. The only user of yaml-cpp.
// Scalars stay text: whoever reads them decides what they mean (see yaml_map.hpp).

#include "core/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::job {

// Both count from 1; columns in characters.
struct Place {
  int line = 1;
  int column = 1;
  friend bool operator==(const Place&, const Place&) = default;
};

struct YamlNode {
  enum class Kind : std::uint8_t {
    null,      // nothing, "~" or "null" without quotes
    scalar,    // `text`
    sequence,  // `items`
    mapping,   // `keys` and `items`, in order of the file
    unusable,  // a scalar whose problem has been reported already; readers pass it by in silence
  };

  Kind kind = Kind::null;
  bool quoted = false;
  Place place;
  std::string text;
  std::vector<YamlNode> keys;  // scalars; as many as items
  std::vector<YamlNode> items;

  bool is_mapping() const noexcept { return kind == Kind::mapping; }

  // The value of `key`: the first one if there are several; null if there is none.
  const YamlNode* find(std::string_view key) const noexcept;
};

// "a string", "a list", "a map", "nothing"
std::string_view kind_name(const YamlNode& node) noexcept;

struct YamlError {
  Place place;
  std::string message;  // never quotes the document: there may be secrets in it
};

inline constexpr std::size_t kYamlBytesMax = std::size_t{1} << 20U;
inline constexpr std::size_t kYamlDepthMax = 32;

// Parses one document. Refused: more than kYamlBytesMax bytes or kYamlDepthMax levels, text that is not
// UTF-8, aliases (a few lines of them can stand for gigabytes), keys that are no scalars, a second document.
// Comments of a JSON text may begin with "//" (slash_comments.hpp).
boost::system::result<YamlNode, YamlError> parse_yaml(std::string_view text);

// The file's bytes, at most one more than kYamlBytesMax; read_file() of core/base says how, and the errors.
Result<std::string> read_text_file(const std::string& path);

// Result::value() of a failed parse throws ErrorException.
[[noreturn]] void throw_exception_from_error(const YamlError& error, const boost::source_location& where);

}  // namespace sluice::job
