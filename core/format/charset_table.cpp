#include "core/format/charset_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <unicode/ucnv.h>
#include <unicode/ucnv_err.h>
#include <unicode/utf16.h>

namespace sluice::format {
namespace {

constexpr std::uint32_t kSurrogatesBegin = 0xd800;
constexpr std::uint32_t kSurrogatesEnd = 0xe000;

// A place where a set of ICU's is not the one of that name: `bytes` as they are written, the first one
// highest; 0: the set does not have the code point.
struct Patch {
  std::uint32_t code_point;
  std::uint32_t bytes;
};

// The original is a Java program, and its bytes are those of Java's set of that name. ICU's windows-936 is
// that set but for three code points: the euro sign is a2 e3 in GBK, as in GB18030, and the single byte 80 of
// windows-936 is not GBK at all; and Java 17 reads a8 92 as U+2641 where the standard and everybody else have
// U+2295, in which we follow the standard.
constexpr std::array kGbk{Patch{0x20ac, 0xa2e3}};

constexpr std::array kGb2312{Patch{0xff07, 0xa3a7}};

// Where windows-950 and Big5 have different characters for the same bytes, or different bytes for the same
// character, those of Big5.
constexpr std::array kBig5{Patch{0x2550, 0xa2a4}, Patch{0x255e, 0xa2a5}, Patch{0x2561, 0xa2a7},
                           Patch{0x256a, 0xa2a6}, Patch{0xff0f, 0xa241}, Patch{0xff3c, 0xa242},
                           Patch{0x00a2, 0xa246}, Patch{0x00a3, 0xa247}, Patch{0x00a5, 0xa244},
                           Patch{0x2022, 0xa145}, Patch{0x203e, 0xa1c2}, Patch{0x223c, 0xa1e3},
                           Patch{0x2609, 0xa1f3}, Patch{0x2641, 0xa1f2}, Patch{0xff64, 0xa14e},
                           Patch{0x02cd, 0},      Patch{0x20ac, 0},      Patch{0x2574, 0}};

// ibm-943 takes the places of JIS X 0208 for the look-alikes that Windows prefers.
constexpr std::array kShiftJis{Patch{0x00a2, 0x8191}, Patch{0x00a3, 0x8192}, Patch{0x00ac, 0x81ca},
                               Patch{0x2014, 0x815c}, Patch{0x2016, 0x8161}, Patch{0x2212, 0x817c},
                               Patch{0x301c, 0x8160}};

// What two-byte sequences of Shift_JIS are, and JIS X 0212 behind 8f, whose broken bar ICU takes for another
// one.
constexpr std::array kEucJp{Patch{0x00a6, 0x8fa2c3}, Patch{0xff5e, 0x8fa2b7}};

constexpr std::array kEucKr{Patch{0x00ae, 0xa2e7}, Patch{0x20ac, 0xa2e6}, Patch{0x327e, 0xa2e8}};

// Sequences with other first bytes are somebody's extensions.
struct Recipe {
  std::string_view name;
  const char* icu;  // a name that ICU has no other table for
  unsigned lead_first = 0x80;
  unsigned lead_last = 0xff;
  std::span<const Patch> patches{};
  bool has_private = false;  // the controls U+0080 to U+009F and the private use area
};

constexpr std::array kRecipes{
    Recipe{"GBK", "windows-936-2000", 0x81, 0xfe, kGbk, true},
    Recipe{"GB18030", "gb18030", 0x81, 0xfe, {}, true},
    Recipe{"GB2312", "ibm-1383_P110-1999", 0xa1, 0xf7, kGb2312},
    Recipe{"Big5", "windows-950-2000", 0xa1, 0xf9, kBig5},
    Recipe{"Shift_JIS", "ibm-943_P15A-2003", 0x81, 0xea, kShiftJis},
    Recipe{"EUC-KR", "ibm-970_P110_P110-2006_U2", 0xa1, 0xfd, kEucKr},
    Recipe{"ISO-8859-1", "ISO-8859-1", 0x80, 0xff, {}, true},
    Recipe{"windows-1252", "ibm-5348_P100-1997"},
    Recipe{"US-ASCII", "US-ASCII"},
};

struct Close {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, Close>;

Converter open(const char* name) {
  UErrorCode error = U_ZERO_ERROR;
  Converter converter(ucnv_open(name, &error));
  if (U_SUCCESS(error) != 0) {
    ucnv_setFromUCallBack(converter.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
    ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
    ucnv_setFallback(converter.get(), 0);
  }
  if (U_FAILURE(error) != 0)
    throw std::runtime_error(fmt::format("open character set {}: {}", name, u_errorName(error)));
  return converter;
}

// Only what goes to and fro: ICU follows some one-way mappings even when told not to.
std::uint32_t bytes_of(UConverter* converter, char16_t unit) {
  std::array<char, 8> bytes{};
  UErrorCode error = U_ZERO_ERROR;
  const std::int32_t size =
      ucnv_fromUChars(converter, bytes.data(), static_cast<std::int32_t>(bytes.size()), &unit, 1, &error);
  if (U_FAILURE(error) != 0 || size < 1 || size > 4) return 0;
  std::array<char16_t, 4> back{};
  const std::int32_t units = ucnv_toUChars(converter, back.data(), static_cast<std::int32_t>(back.size()),
                                           bytes.data(), size, &error);
  if (U_FAILURE(error) != 0 || units != 1 || back[0] != unit) return 0;
  std::uint32_t packed = 0;
  for (std::int32_t i = size; i-- > 0;)
    packed = packed << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  return packed;
}

// The other byte order, without the zeros.
std::uint32_t reversed(std::uint32_t bytes) {
  std::uint32_t turned = 0;
  for (; bytes != 0; bytes >>= 8) turned = turned << 8 | (bytes & 0xff);
  return turned;
}

bool is_private(std::uint32_t code) { return code < 0xa0 || (code >= 0xe000 && code < 0xf900); }

// Rows that vendors added inside of the range of first bytes.
bool is_extension(const Recipe& recipe, std::uint32_t bytes) {
  const std::uint32_t lead = bytes & 0xff;
  const std::uint32_t trail = bytes >> 8;
  if (recipe.name == "Shift_JIS") return lead == 0x87;
  return recipe.name == "Big5" && lead == 0xf9 && trail > 0xd5;
}

bool belongs(const Recipe& recipe, std::uint32_t code, std::uint32_t bytes) {
  if (bytes == 0 || (is_private(code) && !recipe.has_private)) return false;
  const std::uint32_t lead = bytes & 0xff;
  if (recipe.name == "Shift_JIS" && bytes >= 0xa1 && bytes <= 0xdf) return true;  // katakana of one byte
  return lead >= recipe.lead_first && lead <= recipe.lead_last && !is_extension(recipe, bytes);
}

void put_patches(std::span<const Patch> patches, CharsetTable& table) {
  for (const Patch& patch : patches) {
    const std::uint32_t bytes = reversed(patch.bytes);
    // Whoever had the bytes before would be read as another character.
    if (bytes != 0) std::replace(table.begin(), table.end(), bytes, std::uint32_t{0});
    table[patch.code_point] = bytes;
  }
}

// All sets are ASCII below 80, though some of IBM's tables turn three controls around.
CharsetTable from_icu(const Recipe& recipe) {
  const Converter converter = open(recipe.icu);
  CharsetTable table(kTableSize, 0);
  for (std::uint32_t code = 1; code < kTableSize; ++code) {
    if (code < 0x80) table[code] = code;
    if (code < 0x80 || (code >= kSurrogatesBegin && code < kSurrogatesEnd)) continue;
    const std::uint32_t bytes = bytes_of(converter.get(), static_cast<char16_t>(code));
    if (belongs(recipe, code, bytes)) table[code] = bytes;
  }
  put_patches(recipe.patches, table);
  return table;
}

// A row and a place in it, both from a1, from the two bytes of Shift_JIS.
std::uint32_t euc_of_shift_jis(std::uint32_t bytes) {
  const std::uint32_t lead = bytes & 0xff;
  const std::uint32_t trail = bytes >> 8;
  const std::uint32_t pair = lead - (lead < 0xa0 ? 0x81 : 0xc1);
  const std::uint32_t place = trail - (trail < 0x7f ? 0x40 : 0x41);  // of two rows of 94
  return (0xa1 + pair * 2 + place / 94) | (0xa1 + place % 94) << 8;
}

// ICU's own euc-jp prefers the NEC and IBM extensions to JIS X 0212, so the set is put together from its
// parts.
CharsetTable euc_jp() {
  CharsetTable table = from_icu(kRecipes[4]);
  const Converter jis_x_0212 = open("jisx-212");
  for (std::uint32_t code = 0x80; code < kTableSize; ++code) {
    std::uint32_t& bytes = table[code];
    if (bytes > 0xff) {
      bytes = euc_of_shift_jis(bytes);
    } else if (bytes != 0) {
      bytes = 0x8e | bytes << 8;
    } else if (code < kSurrogatesBegin || code >= kSurrogatesEnd) {
      const std::uint32_t row = bytes_of(jis_x_0212.get(), static_cast<char16_t>(code));
      if (row > 0xff) bytes = 0x8f | (row | 0x8080) << 8;
    }
  }
  put_patches(kEucJp, table);
  return table;
}

}  // namespace

std::optional<CharsetTable> make_charset_table(std::string_view name) {
  for (const Recipe& recipe : kRecipes) {
    if (recipe.name == name) return from_icu(recipe);
  }
  if (name == "EUC-JP") return euc_jp();
  return std::nullopt;
}

}  // namespace sluice::format
