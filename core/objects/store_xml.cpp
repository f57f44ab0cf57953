#include "core/objects/store_xml.hpp"

#include "core/base/utf8.hpp"
#include "core/http/percent_decode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::objects {
namespace {

constexpr std::size_t kBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kDepthMax = 16;
constexpr std::size_t kElementsMax = 200'000;

bool is_space(char byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

bool ends_name(char byte) {
  return is_space(byte) || byte == '>' || byte == '/' || byte == '=' || byte == '<';
}

std::string_view local_name(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// As XML has it, but that bytes outside of ASCII may stand for any letter.
bool begins_name(char byte) {
  const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  return letter || byte == '_' || static_cast<unsigned char>(byte) >= 0x80;
}

bool is_name(std::string_view name) {
  const auto goes_on = [](char byte) {
    return begins_name(byte) || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.';
  };
  return !name.empty() && begins_name(name.front()) && std::ranges::all_of(name, goes_on);
}

void append_utf8(std::uint32_t point, std::string& text) {
  if (point < 0x80) {
    text += static_cast<char>(point);
    return;
  }
  const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  constexpr unsigned kLeads[] = {0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(kLeads[more] | (point >> (6 * more)));
  for (int left = more - 1; left >= 0; --left)
    text += static_cast<char>(0x80U | ((point >> (6 * left)) & 0x3fU));
}

// One pass, no recursion: the open elements are a stack of pointers that stay valid because only the
// innermost element gains children.
class Parser {
 public:
  explicit Parser(std::string_view document) : rest_(document) {}

  Result<XmlElement> parse() {
    if (rest_.size() > kBytesMax) return fail("too large");
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
    while (!rest_.empty()) {
      const bool good = rest_.front() == '<' ? markup() : characters();
      if (!good) return fail(reason_);
    }
    if (!seen_root_ || !open_.empty()) return fail("ends too early");
    return std::move(root_);
  }

 private:
  static Error fail(std::string_view reason) {
    return Error(Errc::corrupt, "read XML answer: " + std::string(reason));
  }
  bool refuse(const char* reason) {
    reason_ = reason;
    return false;
  }

  bool markup() {
    if (rest_.starts_with("<?")) return skip_past("?>");
    if (rest_.starts_with("<!--")) return skip_past("-->");
    if (rest_.starts_with("<![CDATA[")) return character_data();
    if (rest_.starts_with("<!")) return refuse("declarations are not accepted");
    return rest_.starts_with("</") ? close_tag() : open_tag();
  }

  bool skip_past(std::string_view end) {
    const std::size_t at = rest_.find(end);
    if (at == std::string_view::npos) return refuse("ends too early");
    rest_.remove_prefix(at + end.size());
    return true;
  }

  bool character_data() {
    constexpr std::size_t kPrefix = 9;
    const std::size_t end = rest_.find("]]>");
    if (end == std::string_view::npos || open_.empty()) return refuse("misplaced CDATA");
    open_.back()->text += rest_.substr(kPrefix, end - kPrefix);
    rest_.remove_prefix(end + 3);
    return true;
  }

  bool characters() {
    const std::string_view text = rest_.substr(0, rest_.find('<'));
    rest_.remove_prefix(text.size());
    if (open_.empty()) {
      for (const char byte : text) {
        if (!is_space(byte)) return refuse("text outside the root element");
      }
      return true;
    }
    return decode(text, open_.back()->text);
  }

  std::string_view take_name() {
    std::size_t size = 0;
    while (size < rest_.size() && !ends_name(rest_[size])) ++size;
    const std::string_view name = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return name;
  }
  void skip_space() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }

  bool open_tag() {
    rest_.remove_prefix(1);
    const std::string_view name = local_name(take_name());
    if (!is_name(name)) return refuse("an element without a name");
    if (open_.empty() && seen_root_) return refuse("two root elements");
    if (open_.size() == kDepthMax) return refuse("nested too deep");
    if (++elements_ > kElementsMax) return refuse("too many elements");
    XmlElement* element = &root_;
    if (seen_root_) element = &open_.back()->children.emplace_back();
    seen_root_ = true;
    element->name = name;
    open_.push_back(element);
    return attributes();
  }

  // Up to the end of the tag.
  bool attributes() {
    while (true) {
      skip_space();
      if (rest_.starts_with('>')) {
        rest_.remove_prefix(1);
        return true;
      }
      if (rest_.starts_with("/>")) {
        rest_.remove_prefix(2);
        open_.pop_back();
        return true;
      }
      if (take_name().empty()) return refuse("a broken tag");
      skip_space();
      if (!rest_.starts_with('=')) return refuse("an attribute without a value");
      rest_.remove_prefix(1);
      skip_space();
      if (!rest_.starts_with('"') && !rest_.starts_with('\'')) return refuse("an attribute without quotes");
      const char quote = rest_.front();
      rest_.remove_prefix(1);
      if (!skip_past(std::string_view(&quote, 1))) return false;
    }
  }

  bool close_tag() {
    rest_.remove_prefix(2);
    const std::string_view name = local_name(take_name());
    skip_space();
    if (!rest_.starts_with('>')) return refuse("a broken closing tag");
    rest_.remove_prefix(1);
    if (open_.empty() || open_.back()->name != name) return refuse("tags that do not match");
    open_.pop_back();
    return true;
  }

  bool decode(std::string_view text, std::string& to) {
    while (!text.empty()) {
      const std::size_t ampersand = text.find('&');
      to += text.substr(0, ampersand);
      if (ampersand == std::string_view::npos) return true;
      text.remove_prefix(ampersand + 1);
      const std::size_t end = text.find(';');
      if (end == std::string_view::npos || !entity(text.substr(0, end), to))
        return refuse("an unknown entity");
      text.remove_prefix(end + 1);
    }
    return true;
  }

  static bool entity(std::string_view name, std::string& to) {
    if (name == "amp") return to += '&', true;
    if (name == "lt") return to += '<', true;
    if (name == "gt") return to += '>', true;
    if (name == "quot") return to += '"', true;
    if (name == "apos") return to += '\'', true;
    if (!name.starts_with('#')) return false;
    name.remove_prefix(1);
    const int base = name.starts_with('x') ? 16 : 10;
    if (base == 16) name.remove_prefix(1);
    std::uint32_t point = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), point, base);
    if (failure != std::errc() || end != name.data() + name.size()) return false;
    if (point == 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    append_utf8(point, to);
    return true;
  }

  std::string_view rest_;
  XmlElement root_;
  std::vector<XmlElement*> open_;
  std::size_t elements_ = 0;
  bool seen_root_ = false;
  const char* reason_ = "";
};

Result<XmlElement> parse_as(std::string_view document, std::string_view root) {
  Result<XmlElement> parsed = parse_xml(document);
  if (parsed && parsed->name != root) {
    return Error(Errc::corrupt,
                 "read XML answer: expected " + std::string(root) + ", got " + parsed->name.substr(0, 64));
  }
  return parsed;
}

// Decodes names in place where the document says that they are percent-encoded.
class Names {
 public:
  Names(const XmlElement& root, NameCoding coding)
      : encoded_(root.child_text("EncodingType") == "url"), coding_(coding) {}

  std::string operator()(std::string_view text) {
    std::string name(text);
    if (!encoded_) return name;
    if (coding_ == NameCoding::form) std::replace(name.begin(), name.end(), '+', ' ');
    std::string decoded;
    good_ = http::percent_decode(name, decoded) && good_;
    return decoded;
  }
  bool good() const noexcept { return good_; }

 private:
  bool encoded_;
  NameCoding coding_;
  bool good_ = true;
};

}  // namespace

std::string_view XmlElement::child_text(std::string_view child) const {
  for (const XmlElement& element : children) {
    if (element.name == child) return element.text;
  }
  return {};
}

Result<XmlElement> parse_xml(std::string_view document) { return Parser(document).parse(); }

Result<std::string> parse_initiate_result(std::string_view document) {
  const Result<XmlElement> root = parse_as(document, "InitiateMultipartUploadResult");
  if (!root) return root.error();
  std::string upload_id(root->child_text("UploadId"));
  if (upload_id.empty()) return Error(Errc::corrupt, "read XML answer: no UploadId");
  return upload_id;
}

bool is_below(const std::vector<ListedUpload>& uploads, std::string_view prefix) noexcept {
  return std::ranges::all_of(uploads,
                             [&](const ListedUpload& upload) { return upload.object.starts_with(prefix); });
}

bool is_below(const std::vector<ListedObject>& objects, std::string_view prefix) noexcept {
  return std::ranges::all_of(objects,
                             [&](const ListedObject& object) { return object.name.starts_with(prefix); });
}

bool ListingPlaces::add(std::string place) {
  return told_.size() < kListingPagesMax && told_.insert(std::move(place)).second;
}

bool stands_still(const UploadPage& page, const UploadPage& next, ListingPlaces& places) {
  if (!next.truncated) return false;
  const std::string place = next.next_key_marker + '\0' + next.next_upload_id_marker;
  return next.uploads.empty() || next.next_key_marker.empty() ||
         next.next_key_marker < page.next_key_marker || !places.add(place);
}

Result<UploadPage> parse_upload_page(std::string_view document, NameCoding coding) {
  const Result<XmlElement> root = parse_as(document, "ListMultipartUploadsResult");
  if (!root) return root.error();
  Names name(*root, coding);
  UploadPage page;
  for (const XmlElement& element : root->children) {
    if (element.name != "Upload") continue;
    page.uploads.push_back({name(element.child_text("Key")), std::string(element.child_text("UploadId"))});
  }
  page.truncated = root->child_text("IsTruncated") == "true";
  page.next_key_marker = name(root->child_text("NextKeyMarker"));
  page.next_upload_id_marker = root->child_text("NextUploadIdMarker");
  if (!name.good())
    return Error(Errc::corrupt, "read XML answer: a name is not percent-encoded as announced");
  return page;
}

Result<ObjectPage> parse_object_page(std::string_view document, NameCoding coding) {
  const Result<XmlElement> root = parse_as(document, "ListBucketResult");
  if (!root) return root.error();
  Names name(*root, coding);
  ObjectPage page;
  for (const XmlElement& element : root->children) {
    if (element.name != "Contents") continue;
    ListedObject& object = page.objects.emplace_back();
    object.name = name(element.child_text("Key"));
    const std::string_view size = element.child_text("Size");
    const auto [end, failure] = std::from_chars(size.data(), size.data() + size.size(), object.bytes);
    if (failure != std::errc() || end != size.data() + size.size()) {
      return Error(Errc::corrupt, "read XML answer: a size is not a number");
    }
  }
  page.truncated = root->child_text("IsTruncated") == "true";
  page.next_marker = name(root->child_text("NextMarker"));
  page.next_token = root->child_text("NextContinuationToken");
  if (page.truncated && page.next_marker.empty() && !page.objects.empty())
    page.next_marker = page.objects.back().name;
  if (!name.good())
    return Error(Errc::corrupt, "read XML answer: a name is not percent-encoded as announced");
  return page;
}

std::optional<ErrorDocument> parse_error_document(std::string_view document) {
  const Result<XmlElement> root = parse_as(document, "Error");
  if (!root) return std::nullopt;
  ErrorDocument error;
  error.code = one_line(root->child_text("Code"));
  error.message = one_line(root->child_text("Message"));
  error.request_id = one_line(root->child_text("RequestId"));
  error.server_time = one_line(root->child_text("ServerTime"));
  error.region = one_line(root->child_text("Region"));
  error.endpoint = one_line(root->child_text("Endpoint"));
  error.cause = one_line(root->child_text("EC"));
  return error;
}

std::string completion_document(const std::vector<Part>& parts) {
  std::string document = "<CompleteMultipartUpload>";
  for (const Part& part : parts) {
    document +=
        fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", part.number, part.etag);
  }
  document += "</CompleteMultipartUpload>";
  return document;
}

bool is_usable_etag(std::string_view etag) {
  return !etag.empty() && etag.find_first_of("<>&") == std::string_view::npos;
}

std::string one_line(std::string_view text) {
  constexpr std::size_t kLineBytesMax = 300;
  return foreign_line(text, kLineBytesMax);
}

}  // namespace sluice::objects
