#include "tests/sandbox/xml_in.hpp"

#include <charconv>

namespace sluice::sandbox {
namespace {

constexpr int kDepthMax = 16;

void append_utf8(unsigned code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | (code >> 6U));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | (code >> 12U));
    out += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  } else {
    out += static_cast<char>(0xF0U | (code >> 18U));
    out += static_cast<char>(0x80U | ((code >> 12U) & 0x3FU));
    out += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (code & 0x3FU));
  }
}

bool append_entity(std::string_view name, std::string& out) {
  if (name == "amp")
    out += '&';
  else if (name == "lt")
    out += '<';
  else if (name == "gt")
    out += '>';
  else if (name == "quot")
    out += '"';
  else if (name == "apos")
    out += '\'';
  else if (name.starts_with('#')) {
    const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
    unsigned code = 0;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + (hex ? 2 : 1), end, code, hex ? 16 : 10);
    if (parsed.ec != std::errc() || parsed.ptr != end || code > 0x10FFFF) return false;
    append_utf8(code, out);
  } else {
    return false;
  }
  return true;
}

class XmlReader {
 public:
  explicit XmlReader(std::string_view document) : rest_(document) {}

  std::optional<XmlElement> document() {
    skip_prolog();
    XmlElement root;
    if (!element(root, 0)) return std::nullopt;
    skip_space();
    return rest_.empty() ? std::optional(std::move(root)) : std::nullopt;
  }

 private:
  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  void skip_prolog() {
    for (skip_space(); rest_.starts_with("<?"); skip_space())
      rest_.remove_prefix(std::min(rest_.find("?>"), rest_.size() - 2) + 2);
  }

  bool element(XmlElement& out, int depth) {
    if (depth > kDepthMax || !rest_.starts_with('<')) return false;
    const std::size_t end = rest_.find('>');
    if (end == std::string_view::npos) return false;
    std::string_view tag = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    const bool empty = tag.ends_with('/');
    if (empty) tag.remove_suffix(1);
    tag = tag.substr(0, tag.find_first_of(" \t\r\n"));
    out.name = std::string(tag.substr(tag.find(':') + 1));
    return !tag.empty() && (empty || content(out, tag, depth));
  }

  bool content(XmlElement& out, std::string_view tag, int depth) {
    while (!rest_.empty()) {
      if (rest_.starts_with("</")) {
        rest_.remove_prefix(2);
        if (!rest_.starts_with(tag)) return false;
        rest_.remove_prefix(tag.size());
        skip_space();
        if (!rest_.starts_with('>')) return false;
        rest_.remove_prefix(1);
        return true;
      }
      if (rest_.front() == '<') {
        out.children.emplace_back();
        if (!element(out.children.back(), depth + 1)) return false;
      } else if (!character(out.text)) {
        return false;
      }
    }
    return false;
  }

  bool character(std::string& out) {
    if (rest_.front() != '&') {
      out += rest_.front();
      rest_.remove_prefix(1);
      return true;
    }
    const std::size_t end = rest_.find(';');
    if (end == std::string_view::npos || !append_entity(rest_.substr(1, end - 1), out)) return false;
    rest_.remove_prefix(end + 1);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::string XmlElement::child(std::string_view child_name) const {
  for (const XmlElement& element : children)
    if (element.name == child_name) return element.text;
  return {};
}

std::optional<XmlElement> parse_xml(std::string_view document) { return XmlReader(document).document(); }

}  // namespace sluice::sandbox
