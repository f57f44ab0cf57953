#pragma once
// The character encodings that objects can be written in, and the names people give them.

#include <optional>
#include <string>
#include <string_view>

namespace sluice::job {

// The name that the rest of the program knows an encoding by: UTF-8, UTF-16, UTF-16BE, UTF-16LE, GBK,
// GB18030, GB2312, Big5, Shift_JIS, EUC-JP, EUC-KR, ISO-8859-1, windows-1252 or US-ASCII. Any letter case,
// with "-",
// "_", a blank or nothing between the parts, and the names that Java and IANA have for them: "utf8", "MS936",
// "latin1". Nothing for an encoding that is not known.
std::optional<std::string_view> find_encoding(std::string_view name);

// What to do about a name that find_encoding() does not know: "did you mean GB18030?", or all names.
std::string encoding_hint(std::string_view name);

}  // namespace sluice::job
