#include "core/localfile/object_path.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::localfile {
namespace {

constexpr std::string_view kPrefix = ".sluice-";
constexpr std::size_t kIdDigits = 16;
constexpr std::size_t kComponentBytesMax = 255;  // NAME_MAX of Linux
constexpr std::size_t kFileBytesMax = kComponentBytesMax - kPrefix.size() - kIdDigits - 1;

Error refuse(const std::string& object, const std::string& reason) {
  return Error(Errc::invalid_argument,
               fmt::format("use object name \"{}\" as a file: {}; correct `object`", object, reason));
}

}  // namespace

Result<ObjectPath> ObjectPath::parse(const std::string& object) {
  if (object.find('\0') != std::string::npos) return refuse(object, "it holds a zero byte");
  ObjectPath path;
  for (std::string_view rest = object; true;) {
    const std::size_t slash = rest.find('/');
    const std::string part(rest.substr(0, slash));
    if (part.empty()) return refuse(object, "it has an empty part");
    if (part == "." || part == "..") return refuse(object, fmt::format("\"{}\" is no name", part));
    if (is_reserved(part))
      return refuse(object, fmt::format("names with \"{}\" are kept for uploads", kPrefix));
    const bool last = slash == std::string_view::npos;
    const std::size_t bytes_max = last ? kFileBytesMax : kComponentBytesMax;
    if (part.size() > bytes_max) {
      return refuse(object,
                    fmt::format("a {} has at most {} bytes", last ? "file name" : "folder", bytes_max));
    }
    if (last) {
      path.file = part;
      return path;
    }
    path.folders.push_back(part);
    rest.remove_prefix(slash + 1);
  }
}

std::string upload_name(std::string_view upload_id, std::string_view file) {
  return fmt::format("{}{}-{}", kPrefix, upload_id, file);
}

bool is_reserved(std::string_view name) { return name.starts_with(kPrefix); }

bool is_upload_id(std::string_view text) {
  return text.size() == kIdDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<UploadName> parse_upload_name(std::string_view name) {
  if (!is_reserved(name)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  if (name.size() < kIdDigits + 2 || name[kIdDigits] != '-') return std::nullopt;
  UploadName upload{std::string(name.substr(0, kIdDigits)), std::string(name.substr(kIdDigits + 1))};
  if (!is_upload_id(upload.upload_id)) return std::nullopt;
  return upload;
}

}  // namespace sluice::localfile
