#include "core/format/copy_and_look.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sluice::format {
namespace {

Found by_byte(const char* from, std::size_t size, char* to, const Marks& marks) {
  Found found;
  for (std::size_t at = 0; at < size; ++at) {
    const char byte = from[at];
    const bool escapable = byte == marks.qualifier[0] || byte == marks.escape[0];
    found.escapable |= escapable;
    found.mark |= escapable || byte == marks.delimiter[0] || byte == '\n' || byte == '\r';
    to[at] = byte;
  }
  return found;
}

#if defined(__x86_64__)
// What has been seen so far, as bytes that are not 0.
struct Seen16 {
  __m128i marks = _mm_setzero_si128();
  __m128i escapables = _mm_setzero_si128();

  void look(__m128i bytes, const Marks& wanted) {
    const auto equal = [&](const char* mark) {
      return _mm_cmpeq_epi8(bytes, _mm_load_si128(reinterpret_cast<const __m128i*>(mark)));
    };
    escapables = _mm_or_si128(escapables, _mm_or_si128(equal(wanted.qualifier), equal(wanted.escape)));
    const __m128i line =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r')));
    marks = _mm_or_si128(marks, _mm_or_si128(line, equal(wanted.delimiter)));
  }
  Found found() const {
    const bool escapable = _mm_movemask_epi8(escapables) != 0;
    return {escapable || _mm_movemask_epi8(marks) != 0, escapable};
  }
};

__m128i load16(const char* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }
void store16(char* to, __m128i bytes) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes); }

// Up to 15 bytes fill a register by being there more than once.
Found short_field(const char* from, std::size_t size, char* to, const Marks& marks) {
  Seen16 seen;
  if (size >= 8) {
    std::int64_t head = 0;
    std::int64_t tail = 0;
    std::memcpy(&head, from, 8);
    std::memcpy(&tail, from + size - 8, 8);
    std::memcpy(to, &head, 8);
    std::memcpy(to + size - 8, &tail, 8);
    seen.look(_mm_set_epi64x(tail, head), marks);
  } else if (size >= 4) {
    std::int32_t head = 0;
    std::int32_t tail = 0;
    std::memcpy(&head, from, 4);
    std::memcpy(&tail, from + size - 4, 4);
    std::memcpy(to, &head, 4);
    std::memcpy(to + size - 4, &tail, 4);
    seen.look(_mm_set_epi32(tail, head, tail, head), marks);
  } else if (size > 0) {
    const char first = from[0];
    const char middle = from[size / 2];
    const char last = from[size - 1];
    to[0] = first;
    to[size / 2] = middle;
    to[size - 1] = last;
    const int bytes = static_cast<unsigned char>(first) | static_cast<unsigned char>(middle) << 8 |
                      static_cast<unsigned char>(last) << 16 | static_cast<unsigned char>(last) << 24;
    seen.look(_mm_set1_epi32(bytes), marks);
  } else {
    return {};
  }
  return seen.found();
}

// The last register overlaps the one before it.
Found by_16(const char* from, std::size_t size, char* to, const Marks& marks) {
  if (size < 16) return short_field(from, size, to, marks);
  Seen16 seen;
  for (std::size_t at = 0; at + 16 < size; at += 16) {
    const __m128i bytes = load16(from + at);
    store16(to + at, bytes);
    seen.look(bytes, marks);
  }
  const __m128i tail = load16(from + size - 16);
  store16(to + size - 16, tail);
  seen.look(tail, marks);
  return seen.found();
}

// Copies registers up to the first byte that needs an escape and goes on behind it.
char* escape_by_16(const char* from, std::size_t size, char* to, const Marks& marks) {
  const __m128i qualifiers = _mm_load_si128(reinterpret_cast<const __m128i*>(marks.qualifier));
  const __m128i escapes = _mm_load_si128(reinterpret_cast<const __m128i*>(marks.escape));
  for (std::size_t left = size; left > 0;) {
    const __m128i bytes = load16(from);
    store16(to, bytes);
    const __m128i equal = _mm_or_si128(_mm_cmpeq_epi8(bytes, qualifiers), _mm_cmpeq_epi8(bytes, escapes));
    // What lies behind the text never decides: its end counts as found.
    const unsigned end = 1U << std::min<std::size_t>(left, 16);
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(equal)) | end;
    const auto clean = static_cast<std::size_t>(std::countr_zero(found));
    from += clean;
    to += clean;
    left -= clean;
    if (clean == 16 || left == 0) continue;
    *to++ = marks.escape[0];
    *to++ = *from++;
    --left;
  }
  return to;
}

// On the test machine as fast as registers of 16 bytes up to 31 bytes, where it is those, 1.2 times at
// 100, 1.8 times at 1000.
__attribute__((target("avx2"))) Found by_32(const char* from, std::size_t size, char* to,
                                            const Marks& marks) {
  if (size < 32) return by_16(from, size, to, marks);
  const __m256i delimiters = _mm256_load_si256(reinterpret_cast<const __m256i*>(marks.delimiter));
  const __m256i qualifiers = _mm256_load_si256(reinterpret_cast<const __m256i*>(marks.qualifier));
  const __m256i escapes = _mm256_load_si256(reinterpret_cast<const __m256i*>(marks.escape));
  __m256i seen = _mm256_setzero_si256();
  __m256i escapables = _mm256_setzero_si256();
  for (std::size_t at = 0;; at += 32) {
    if (at + 32 > size) at = size - 32;
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + at));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + at), bytes);
    escapables = _mm256_or_si256(
        escapables, _mm256_or_si256(_mm256_cmpeq_epi8(bytes, qualifiers), _mm256_cmpeq_epi8(bytes, escapes)));
    const __m256i line = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\n')),
                                         _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\r')));
    seen = _mm256_or_si256(seen, _mm256_or_si256(line, _mm256_cmpeq_epi8(bytes, delimiters)));
    if (at + 32 == size) break;
  }
  const bool escapable = _mm256_movemask_epi8(escapables) != 0;
  return {escapable || _mm256_movemask_epi8(seen) != 0, escapable};
}
#else
char* escape_by_byte(const char* from, std::size_t size, char* to, const Marks& marks) {
  for (const char* const end = from + size; from != end; ++from) {
    if (*from == marks.qualifier[0] || *from == marks.escape[0]) *to++ = marks.escape[0];
    *to++ = *from;
  }
  return to;
}
#endif

}  // namespace

Marks::Marks(char delimiter_, char qualifier_, char escape_) {
  std::memset(delimiter, delimiter_, sizeof delimiter);
  std::memset(qualifier, qualifier_, sizeof qualifier);
  std::memset(escape, escape_, sizeof escape);
}

std::size_t copy_and_look_choices(CopyAndLookChoice (&choices)[3]) {
  std::size_t count = 0;
  choices[count++] = {"byte", by_byte};
#if defined(__x86_64__)
  choices[count++] = {"SSE2", by_16};
  if (__builtin_cpu_supports("avx2")) choices[count++] = {"AVX2", by_32};
#endif
  return count;
}

CopyAndEscape copy_and_escape() {
#if defined(__x86_64__)
  return escape_by_16;
#else
  return escape_by_byte;
#endif
}

CopyAndLook copy_and_look() {
  CopyAndLookChoice choices[3];
  return choices[copy_and_look_choices(choices) - 1].function;
}

}  // namespace sluice::format
