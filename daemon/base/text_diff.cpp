#include "daemon/base/text_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace sluice::daemon {
namespace {

constexpr std::size_t kContext = 3;
// Of the table of common lengths, which has a cell for each pair of lines.
constexpr std::size_t kCellsMax = 4'000'000;

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

struct Line {
  char mark = ' ';  // '-', '+' or ' '
  std::string_view text;
};

void append(std::vector<Line>& out, char mark, Lines::const_iterator begin, Lines::const_iterator end) {
  for (; begin != end; ++begin) out.push_back(Line{mark, *begin});
}

// By the longest common subsequence of what lies between the common head and tail.
std::vector<Line> compare(const Lines& before, const Lines& after) {
  const auto head = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  auto old_end = before.end();
  auto new_end = after.end();
  while (old_end != head.first && new_end != head.second && *(old_end - 1) == *(new_end - 1)) {
    --old_end;
    --new_end;
  }
  std::vector<Line> out;
  append(out, ' ', before.begin(), head.first);
  const Lines a(head.first, old_end);
  const Lines b(head.second, new_end);
  const std::size_t width = b.size() + 1;
  if ((a.size() + 1) * width > kCellsMax) {
    append(out, '-', a.begin(), a.end());
    append(out, '+', b.begin(), b.end());
  } else {
    std::vector<std::uint32_t> common((a.size() + 1) * width, 0);
    for (std::size_t i = a.size(); i-- > 0;) {
      for (std::size_t j = b.size(); j-- > 0;) {
        common[i * width + j] = a[i] == b[j]
                                    ? common[(i + 1) * width + j + 1] + 1
                                    : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
      }
    }
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() || j < b.size()) {
      if (i < a.size() && j < b.size() && a[i] == b[j]) {
        out.push_back(Line{' ', a[i++]});
        ++j;
      } else if (j == b.size() ||
                 (i < a.size() && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
        out.push_back(Line{'-', a[i++]});
      } else {
        out.push_back(Line{'+', b[j++]});
      }
    }
  }
  append(out, ' ', old_end, before.end());
  return out;
}

// The lines [begin, end) as one piece; the numbers are of its first lines in both texts.
std::string hunk(const std::vector<Line>& lines, std::size_t begin, std::size_t end, std::size_t old_line,
                 std::size_t new_line) {
  std::size_t old_count = 0;
  std::size_t new_count = 0;
  std::string body;
  for (std::size_t at = begin; at < end; ++at) {
    old_count += lines[at].mark == '+' ? 0U : 1U;
    new_count += lines[at].mark == '-' ? 0U : 1U;
    body += fmt::format("{}{}\n", lines[at].mark, lines[at].text);
  }
  // An empty side is named by the line before it.
  return fmt::format("@@ -{},{} +{},{} @@\n{}", old_count == 0 ? old_line - 1 : old_line, old_count,
                     new_count == 0 ? new_line - 1 : new_line, new_count, body);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_name,
                         std::string_view after_name) {
  const Lines old_lines = lines_of(before);
  const Lines new_lines = lines_of(after);
  const std::vector<Line> lines = compare(old_lines, new_lines);
  std::string text;
  std::size_t old_line = 1;
  std::size_t new_line = 1;
  std::size_t at = 0;
  const auto pass = [&](std::size_t to) {
    for (; at < to; ++at) {
      old_line += lines[at].mark == '+' ? 0U : 1U;
      new_line += lines[at].mark == '-' ? 0U : 1U;
    }
  };
  const auto next_change = [&](std::size_t from) {
    while (from < lines.size() && lines[from].mark == ' ') ++from;
    return from;
  };
  for (std::size_t change = next_change(0); change < lines.size(); change = next_change(at)) {
    pass(std::max(at, change - std::min(change, kContext)));
    std::size_t end = change;
    // Changes closer than twice the context share a piece.
    for (std::size_t next = change; next < lines.size() && next <= end + 2 * kContext;
         next = next_change(next))
      end = ++next;
    end = std::min(end + kContext, lines.size());
    text += hunk(lines, at, end, old_line, new_line);
    pass(end);
  }
  if (text.empty()) return text;
  return fmt::format("--- {}\n+++ {}\n{}", before_name, after_name, text);
}

}  // namespace sluice::daemon
