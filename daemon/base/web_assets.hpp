#pragma once
// Files built into the program: the dashboard, the seed job and the description of the API. The .cpp is made
// by daemon/web/embed_assets.cmake.

#include <span>
#include <string_view>

namespace sluice::daemon {

struct EmbeddedFile {
  std::string_view name;  // "index.html"
  std::string_view content;
  std::string_view sha256;  // hexadecimal; serves as ETag
};

std::span<const EmbeddedFile> embedded_files();

}  // namespace sluice::daemon
