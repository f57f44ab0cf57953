#pragma once
// The answers of OSS and S3 that have a body: small XML documents with the same elements, read by local name.

#include "core/base/error.hpp"
#include "core/objects/object_store.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::objects {

// An element with its text and its children; attributes, comments and processing instructions are left out.
struct XmlElement {
  std::string name;  // without namespace prefix
  std::string text;  // of this element alone, entities decoded
  std::vector<XmlElement> children;

  // Text of the first child of that name, or "".
  std::string_view child_text(std::string_view child) const;
};

// Limits that real answers stay far below: 16 MiB, 16 levels, 200,000 elements. A document type declaration,
// an unknown entity, an unclosed or mismatched tag, or text outside the root is an error (corrupt).
Result<XmlElement> parse_xml(std::string_view document);

struct UploadPage {
  std::vector<ListedUpload> uploads;
  bool truncated = false;
  std::string next_key_marker;
  std::string next_upload_id_marker;
};

// The places from which a listing of many pages was told to go on.
class ListingPlaces {
 public:
  // False if `place` was told before, or if it is one of more than a listing may have: whoever went on would
  // never end.
  bool add(std::string place);

 private:
  std::set<std::string> told_;
};

// Of a thousand entries each.
inline constexpr std::size_t kListingPagesMax = 10'000;

// Whether `next`, asked for behind `page`, is truncated and does not say where to go on, or leads back:
// whoever went on would never end.
bool stands_still(const UploadPage& page, const UploadPage& next, ListingPlaces& places);

// What is said of an answer of which one of these is so.
inline constexpr std::string_view kEndlessListing = "a page that goes on without saying where";
inline constexpr std::string_view kForeignListing = "it names what does not begin with the prefix asked for";

// False for a server that does not know `prefix`, or lists another bucket: what it names may be somebody
// else's, and whoever takes it for his own deletes it.
bool is_below(const std::vector<ListedUpload>& uploads, std::string_view prefix) noexcept;
bool is_below(const std::vector<ListedObject>& objects, std::string_view prefix) noexcept;

struct ObjectPage {
  std::vector<ListedObject> objects;
  bool truncated = false;
  std::string next_marker;  // of listings of version 1
  std::string next_token;   // of version 2
};

// What an error document says, each as one_line(); empty where it says nothing.
struct ErrorDocument {
  std::string code;  // "NoSuchBucket"
  std::string message;
  std::string request_id;
  std::string server_time;  // of RequestTimeTooSkewed: "2025-04-10T10:00:57.000Z"
  std::string region;       // S3: the bucket's
  std::string endpoint;     // OSS: the one to use for the bucket
  std::string cause;        // OSS: "0026-00000001", a code of the cause
};

// How names are percent-encoded where the document says that they are: S3 writes a space as "+".
enum class NameCoding { percent, form };

// Errors: corrupt, also for a document of another kind.
Result<std::string> parse_initiate_result(std::string_view document);  // the upload id
Result<UploadPage> parse_upload_page(std::string_view document, NameCoding coding = NameCoding::percent);
Result<ObjectPage> parse_object_page(std::string_view document, NameCoding coding = NameCoding::percent);

// Nothing if it is no error document.
std::optional<ErrorDocument> parse_error_document(std::string_view document);

// The body that completes an upload. An ETag may stand in it if it holds no markup and is not empty.
std::string completion_document(const std::vector<Part>& parts);
bool is_usable_etag(std::string_view etag);

// Printable, at most 300 bytes: an answer may come from anything between us and the server.
std::string one_line(std::string_view text);

}  // namespace sluice::objects
