#pragma once
// Values that live outside the files: "${env:NAME}", "file:/path", "credential:NAME".

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace sluice::job {

// True for a text that open_reference() would look up somewhere.
bool is_reference(std::string_view text) noexcept;

// The text itself, or what it refers to: an environment variable, a file's content, or the file NAME in
// $CREDENTIALS_DIRECTORY; one line end after the content is dropped. `what` begins the error, which names the
// source and never a value.
Result<std::string> open_reference(std::string_view text, std::string_view what);

}  // namespace sluice::job
