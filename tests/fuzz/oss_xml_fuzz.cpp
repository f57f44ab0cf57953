// Feeds arbitrary bytes to everything that reads an answer body of OSS.

#include "core/oss/xml.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto root = sluice::oss::parse_xml(bytes);
  if (root && root->name.empty()) __builtin_trap();
  (void)sluice::oss::parse_initiate_result(bytes);
  (void)sluice::oss::parse_upload_page(bytes);
  (void)sluice::oss::parse_object_page(bytes);
  std::string decoded;
  (void)sluice::oss::percent_decode(bytes, decoded);
  if (decoded.size() > size) __builtin_trap();
  return 0;
}
