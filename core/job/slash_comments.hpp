#pragma once
// Comments of JSON texts that begin with "//", as DataWorks takes them in scripts. YAML knows none. Pure.

#include <string>
#include <string_view>

namespace sluice::job {

// A JSON text (an object whose first key is in double quotes) with blanks in place of its comments, byte for
// byte, so that places stay. A comment begins at "//" outside of quotes where no value can go on: an address
// without quotes keeps its slashes. Any other text as it is.
std::string without_slash_comments(std::string_view text);

}  // namespace sluice::job
