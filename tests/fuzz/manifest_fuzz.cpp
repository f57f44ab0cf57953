// Fuzz target of manifests: what is accepted is written and read back as it was; what is refused says why, in
// one line.

#include "core/objects/manifest.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::objects;
  const auto manifest = parse_manifest({reinterpret_cast<const char*>(data), size});
  if (manifest.has_error()) {
    const std::string message = manifest.error().message();
    if (message.find('\n') != std::string::npos || message.size() > 1000) std::abort();
    return 0;
  }
  const std::string text = to_text(*manifest);
  const auto again = parse_manifest(text);
  if (again.has_error() || to_text(*again) != text) std::abort();
  return 0;
}
