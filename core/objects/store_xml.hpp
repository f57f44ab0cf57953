#pragma once
// The answers of OSS and S3 that have a body: small XML documents with the same elements, read by local name.

#include "core/base/error.hpp"
#include "core/objects/object_store.hpp"

#include <cstdint>
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

struct ObjectPage {
  std::vector<ListedObject> objects;
  bool truncated = false;
  std::string next_marker;
};

// Errors: corrupt, also for a document of another kind.
Result<std::string> parse_initiate_result(std::string_view document);  // the upload id
Result<UploadPage> parse_upload_page(std::string_view document);
Result<ObjectPage> parse_object_page(std::string_view document);

}  // namespace sluice::objects
