#include "tests/sandbox/xml_out.hpp"

namespace sluice::sandbox {
namespace {

void append_escaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
}

}  // namespace

XmlOut::XmlOut(std::string_view root) : root_(root), out_("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") {
  open(root_);
}

XmlOut& XmlOut::open(std::string_view name) {
  out_.append("<").append(name).append(">");
  return *this;
}

XmlOut& XmlOut::close(std::string_view name) {
  out_.append("</").append(name).append(">");
  return *this;
}

XmlOut& XmlOut::text(std::string_view name, std::string_view value) {
  open(name);
  append_escaped(value, out_);
  return close(name);
}

XmlOut& XmlOut::number(std::string_view name, std::uint64_t value) {
  return text(name, std::to_string(value));
}

XmlOut& XmlOut::flag(std::string_view name, bool value) { return text(name, value ? "true" : "false"); }

std::string XmlOut::finish() {
  close(root_);
  return std::move(out_);
}

}  // namespace sluice::sandbox
