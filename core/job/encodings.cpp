#include "core/job/encodings.hpp"

#include "core/job/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace sluice::job {
namespace {

constexpr std::array<std::string_view, 14> kNames{
    "UTF-8", "UTF-16",    "UTF-16BE", "UTF-16LE", "GBK",      "GB18030",    "GB2312",
    "Big5",  "Shift_JIS", "EUC-JP",   "EUC-KR",   "US-ASCII", "ISO-8859-1", "windows-1252",
};

// Lower case, without what separates the parts. Sources: IANA's registry and Java's own names.
struct Alias {
  std::string_view text;
  std::string_view name;
};
constexpr std::array<Alias, 36> kAliases{{
    {"unicode11utf8", "UTF-8"},
    {"unicode", "UTF-16"},
    {"utf16be", "UTF-16BE"},
    {"unicodebigunmarked", "UTF-16BE"},
    {"xutf16be", "UTF-16BE"},
    {"unicodelittleunmarked", "UTF-16LE"},
    {"xutf16le", "UTF-16LE"},
    {"cp936", "GBK"},
    {"ms936", "GBK"},
    {"windows936", "GBK"},
    {"xgbk", "GBK"},
    {"gb180302000", "GB18030"},
    {"gb180302022", "GB18030"},
    {"euccn", "GB2312"},
    {"xeuccn", "GB2312"},
    {"eucgb", "GB2312"},
    {"gb23121980", "GB2312"},
    {"csgb2312", "GB2312"},
    {"csbig5", "Big5"},
    {"sjis", "Shift_JIS"},
    {"xsjis", "Shift_JIS"},
    {"csshiftjis", "Shift_JIS"},
    {"mskanji", "Shift_JIS"},
    {"eucjis", "EUC-JP"},
    {"xeucjp", "EUC-JP"},
    {"ksc5601", "EUC-KR"},
    {"ksc56011987", "EUC-KR"},
    {"5601", "EUC-KR"},
    {"latin1", "ISO-8859-1"},
    {"l1", "ISO-8859-1"},
    {"88591", "ISO-8859-1"},
    {"cp819", "ISO-8859-1"},
    {"ibm819", "ISO-8859-1"},
    {"cp1252", "windows-1252"},
    {"ascii", "US-ASCII"},
    {"iso646us", "US-ASCII"},
}};

std::string plain(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (std::string_view("-_ ().:").find(c) != std::string_view::npos) continue;
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return out;
}

}  // namespace

std::optional<std::string_view> find_encoding(std::string_view name) {
  const std::string wanted = plain(name);
  const auto known = std::find_if(kNames.begin(), kNames.end(),
                                  [&](std::string_view candidate) { return plain(candidate) == wanted; });
  if (known != kNames.end()) return *known;
  const auto alias = std::find_if(kAliases.begin(), kAliases.end(),
                                  [&](const Alias& candidate) { return candidate.text == wanted; });
  if (alias != kAliases.end()) return alias->name;
  return std::nullopt;
}

std::string encoding_hint(std::string_view name) {
  const std::vector<std::string_view> names(kNames.begin(), kNames.end());
  const std::string_view meant = closest(name, names);
  if (!meant.empty()) return fmt::format("did you mean {}?", meant);
  return fmt::format("known are {}", join_names(names));
}

}  // namespace sluice::job
