#pragma once
// XML as OSS writes it: one element after another, text escaped.

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::sandbox {

class XmlOut {
 public:
  explicit XmlOut(std::string_view root);
  XmlOut& open(std::string_view name);
  XmlOut& close(std::string_view name);
  XmlOut& text(std::string_view name, std::string_view value);
  XmlOut& number(std::string_view name, std::uint64_t value);
  XmlOut& flag(std::string_view name, bool value);
  /// Closes the root and returns the document.
  std::string finish();

 private:
  std::string root_;
  std::string out_;
};

}  // namespace sluice::sandbox
