// Feeds arbitrary bytes to everything that reads an answer body of an object store.

#include "core/http/percent_decode.hpp"
#include "core/objects/store_xml.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto root = sluice::objects::parse_xml(bytes);
  if (root && root->name.empty()) __builtin_trap();
  (void)sluice::objects::parse_initiate_result(bytes);
  (void)sluice::objects::parse_upload_page(bytes);
  (void)sluice::objects::parse_object_page(bytes);
  (void)sluice::objects::parse_object_page(bytes, sluice::objects::NameCoding::form);
  (void)sluice::objects::parse_error_document(bytes);
  std::string decoded;
  (void)sluice::http::percent_decode(bytes, decoded);
  if (decoded.size() > size) __builtin_trap();
  return 0;
}
