// Any text as the name of an object below a directory: it is refused, or a path that stays there.

#include "core/localfile/object_path.hpp"
#include "core/s3/etag.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace localfile = sluice::localfile;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string name(reinterpret_cast<const char*>(data), size);
  if (const auto path = localfile::ObjectPath::parse(name)) {
    std::string joined;
    for (const std::string& folder : path->folders) {
      if (folder.empty() || folder == "." || folder == ".." || folder.size() > 255) __builtin_trap();
      joined += folder + "/";
    }
    joined += path->file;
    if (joined != name || path->file.find('/') != std::string::npos) __builtin_trap();
    const std::string hidden = localfile::upload_name("0123456789abcdef", path->file);
    if (hidden.size() > 255) __builtin_trap();
    const auto upload = localfile::parse_upload_name(hidden);
    if (!upload || upload->file != path->file) __builtin_trap();
  }
  (void)localfile::parse_upload_name(name);
  if (const auto etag = sluice::s3::as_upload_etag(name); etag && etag->size() > name.size())
    __builtin_trap();
  (void)sluice::s3::upload_etag({{1, name}});
  return 0;
}
