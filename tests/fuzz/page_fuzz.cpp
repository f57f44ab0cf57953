// Any bytes: the page decoder must refuse or decode them, and what it hands out must lie inside the body.

#include "core/tablestore/page_decoder.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto page = sluice::tablestore::decode_page(std::string(reinterpret_cast<const char*>(data), size));
  if (!page) return 0;
  const char* const begin = page->body.data();
  const char* const end = begin + page->body.size();
  for (const auto& record : page->records) {
    if (record.record.data() < begin || record.record.data() + record.record.size() > end) std::abort();
  }
  return 0;
}
