#pragma once
// Just enough XML to read the two request documents of OSS: elements, text, entities. No attributes are kept.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sandbox {

struct XmlElement {
  std::string name;
  std::string text;  // of this element alone, unescaped
  std::vector<XmlElement> children;

  /// Text of the first child of that name; empty if there is none.
  std::string child(std::string_view child_name) const;
};

/// Nothing if the document is not well formed.
std::optional<XmlElement> parse_xml(std::string_view document);

}  // namespace sluice::sandbox
