#pragma once
// How the name of an object becomes the path of a file. Pure.

#include "core/base/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::localfile {

struct ObjectPath {
  std::vector<std::string> folders;
  std::string file;

  // invalid_argument: a name that would leave the directory ("..", "/a"), or that no file can have.
  static Result<ObjectPath> parse(const std::string& object);
};

// What an upload of `file` is called until it is complete: ".sluice-<upload id>-<file>".
std::string upload_name(std::string_view upload_id, std::string_view file);

// True for what begins like an upload_name(): no object is called so, and no folder of one.
bool is_reserved(std::string_view name);

// "0123456789abcdef"
bool is_upload_id(std::string_view text);

struct UploadName {
  std::string upload_id;
  std::string file;
};
std::optional<UploadName> parse_upload_name(std::string_view name);

}  // namespace sluice::localfile
