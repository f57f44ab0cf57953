#pragma once
// UTF-8, and texts from outside that go into ours. Pure.

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// Length of the character at the head of `text`, which is not empty; 0: the bytes there are none.
std::size_t utf8_length(std::string_view text) noexcept;

// Whether all of `text` is characters.
bool is_utf8_text(std::string_view text) noexcept;

// The text, and "?" for each byte of it that belongs to no character: what comes of names of files, which may
// be any bytes, can be told in JSON.
std::string as_utf8(std::string_view text);

// What a server or a program said, for an error or a log: one line of valid UTF-8, whatever it was. Control
// characters become blanks, bytes that are no character "?". Of a longer text the first `bytes_max` (at least
// 3) minus 3 bytes at most, cut between characters, and "...".
std::string foreign_line(std::string_view text, std::size_t bytes_max);

}  // namespace sluice
