#pragma once
// Copies a field and looks for the bytes that have a meaning in its format, both in one pass.

#include <cstddef>
#include <cstdint>

namespace sluice::format {

// The bytes to look for, beside CR and LF, each once for every byte of the widest register.
struct alignas(32) Marks {
  Marks(char delimiter_, char qualifier_, char escape_);

  char delimiter[32]{};
  char qualifier[32]{};
  char escape[32]{};  // the qualifier again where there is none of its own
};

// What a field holds.
struct Found {
  bool mark = false;       // any of the marks, CR or LF
  bool escapable = false;  // the qualifier or the escape
};

// Copies `size` bytes. Reads nothing beyond them, because a page may end there, and writes nothing beyond.
using CopyAndLook = Found (*)(const char* from, std::size_t size, char* to, const Marks& marks);

// The one that suits this processor: registers of 32 bytes (AVX2), of 16 (SSE2), or a byte at a time.
CopyAndLook copy_and_look();

// Copies `size` bytes with the escape before each qualifier and escape, and returns the end of the copy.
// Reads and writes up to ByteBuffer::kSlack bytes beyond; those read there have no effect.
using CopyAndEscape = char* (*)(const char* from, std::size_t size, char* to, const Marks& marks);
CopyAndEscape copy_and_escape();

// All that this processor can run, for tests and benchmarks; the last one is copy_and_look()'s.
struct CopyAndLookChoice {
  const char* name;
  CopyAndLook function;
};
std::size_t copy_and_look_choices(CopyAndLookChoice (&choices)[3]);

}  // namespace sluice::format
