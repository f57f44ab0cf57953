// Fuzz target of the XML answers of object stores: a document that is accepted, written anew and read again,
// is the same; nothing that is read from one is larger than it.

#include "core/http/percent_decode.hpp"
#include "core/objects/store_xml.hpp"
#include "tests/fuzz/check.hpp"

#include <string>

namespace {

using namespace sluice;
using namespace sluice::objects;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string written(const XmlElement& element) {
  std::string out = "<" + element.name + ">" + escaped(element.text);
  for (const XmlElement& child : element.children) out += written(child);
  return out + "</" + element.name + ">";
}

bool same(const XmlElement& a, const XmlElement& b) {
  return a.name == b.name && a.text == b.text &&
         std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(), same);
}

void check_pages(std::string_view bytes) {
  for (const NameCoding coding : {NameCoding::percent, NameCoding::form}) {
    if (const auto page = parse_object_page(bytes, coding)) {
      for (const auto& object : page->objects) fuzz::check(object.name.size() <= bytes.size());
    }
    if (const auto page = parse_upload_page(bytes, coding)) {
      for (const auto& upload : page->uploads) fuzz::check(upload.upload_id.size() <= bytes.size());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  if (const auto root = parse_xml(bytes)) {
    fuzz::check(!root->name.empty());
    const auto again = parse_xml(written(*root));
    fuzz::check(again.has_value() && same(*root, *again));
  } else {
    fuzz::check(root.error().code() == Errc::corrupt);
  }
  if (const auto id = parse_initiate_result(bytes)) fuzz::check(id->size() <= size);
  check_pages(bytes);
  if (const auto error = parse_error_document(bytes)) fuzz::check(error->message.size() <= 310);
  std::string decoded;
  (void)http::percent_decode(bytes, decoded);
  fuzz::check(decoded.size() <= size);
  return 0;
}
