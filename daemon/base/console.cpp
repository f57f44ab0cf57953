#include "daemon/base/console.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <sys/ioctl.h>
#include <unistd.h>

namespace sluice::daemon {
namespace {

constexpr std::size_t kFlexibleLeast = 8;
constexpr std::size_t kBarWidth = 20;
constexpr std::string_view kGap = "  ";
constexpr std::string_view kEllipsis = "\xe2\x80\xa6";

// The code point at `at`, which moves behind it. Broken bytes count as one column each.
std::uint32_t next_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t first = byte(at++);
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  std::uint32_t point = more == 3   ? first & 0x07U
                        : more == 2 ? first & 0x0fU
                        : more == 1 ? first & 0x1fU
                                    : first;
  for (int i = 0; i < more && at < text.size() && (byte(at) & 0xc0U) == 0x80U; ++i) {
    point = (point << 6U) | (byte(at++) & 0x3fU);
  }
  return point;
}

std::size_t point_width(std::uint32_t point) {
  if ((point >= 0x300 && point <= 0x36f) || point == 0x200b || (point >= 0xfe00 && point <= 0xfe0f)) return 0;
  const bool wide = (point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf) ||
                    (point >= 0xac00 && point <= 0xd7a3) || (point >= 0xf900 && point <= 0xfaff) ||
                    (point >= 0xfe30 && point <= 0xfe6f) || (point >= 0xff00 && point <= 0xff60) ||
                    (point >= 0xffe0 && point <= 0xffe6) || (point >= 0x1f300 && point <= 0x1faff) ||
                    (point >= 0x20000 && point <= 0x3fffd);
  return wide ? 2 : 1;
}

std::string_view escape_of(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return "";
    case Tone::strong:
      return "\x1b[1m";
    case Tone::good:
      return "\x1b[32m";
    case Tone::warn:
      return "\x1b[33m";
    case Tone::bad:
      return "\x1b[31m";
    case Tone::faint:
      return "\x1b[2m";
  }
  return "";
}

std::size_t terminal_width(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

std::string Console::paint(std::string_view text, Tone tone) const {
  if (!colour || tone == Tone::plain) return std::string(text);
  return fmt::format("{}{}\x1b[0m", escape_of(tone), text);
}

Console standard_console() {
  Console console{std::cout, std::cerr};
  console.terminal = ::isatty(STDOUT_FILENO) == 1;
  const char* term = std::getenv("TERM");
  const char* no_colour = std::getenv("NO_COLOR");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  const bool unwanted = no_colour != nullptr && *no_colour != '\0';
  console.colour = console.terminal && !dumb && !unwanted;
  console.width = console.terminal ? terminal_width(STDOUT_FILENO) : 0;
  console.err_terminal = ::isatty(STDERR_FILENO) == 1;
  console.err_width = console.err_terminal ? terminal_width(STDERR_FILENO) : 0;
  return console;
}

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < utf8.size();) width += point_width(next_point(utf8, at));
  return width;
}

std::string shorten(std::string_view utf8, std::size_t width) {
  if (display_width(utf8) <= width) return std::string(utf8);
  if (width == 0) return "";
  std::size_t used = 0;
  std::size_t end = 0;
  for (std::size_t at = 0; at < utf8.size();) {
    const std::size_t next = used + point_width(next_point(utf8, at));
    if (next > width - 1) break;
    used = next;
    end = at;
  }
  return std::string(utf8.substr(0, end)).append(kEllipsis);
}

std::vector<std::size_t> Table::natural_widths() const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.title));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  return widths;
}

std::vector<std::pair<std::size_t, std::size_t>> Table::layout(std::size_t limit) const {
  const auto natural = natural_widths();
  std::vector<std::size_t> shown(columns_.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  const auto least = [&](std::size_t column) {
    return columns_[column].flexible ? std::min(natural[column], kFlexibleLeast) : natural[column];
  };
  const auto total = [&](const auto& width) {
    std::size_t sum = shown.empty() ? 0 : kGap.size() * (shown.size() - 1);
    for (const std::size_t column : shown) sum += width(column);
    return sum;
  };
  while (limit > 0 && total(least) > limit) {
    const auto spare = std::max_element(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) {
      return columns_[a].spare < columns_[b].spare;
    });
    if (spare == shown.end() || columns_[*spare].spare == 0) break;
    shown.erase(spare);
  }
  auto widths = natural;
  const auto width_now = [&](std::size_t column) { return widths[column]; };
  for (std::size_t now = total(width_now); limit > 0 && now > limit; --now) {
    std::size_t widest = columns_.size();
    for (const std::size_t column : shown) {
      const bool can = widths[column] > least(column);
      if (can && (widest == columns_.size() || widths[column] > widths[widest])) widest = column;
    }
    if (widest == columns_.size()) break;
    --widths[widest];
  }
  std::vector<std::pair<std::size_t, std::size_t>> out;
  for (const std::size_t column : shown) out.emplace_back(column, widths[column]);
  return out;
}

void Table::print(Console& console) const {
  const auto shown = layout(console.width);
  const auto line = [&](const std::vector<Cell>& cells) {
    std::string out;
    for (const auto& [column, width] : shown) {
      const std::string text = shorten(cells[column].text, width);
      const std::string padding(width - display_width(text), ' ');
      const std::string painted = console.paint(text, cells[column].tone);
      const bool last = column == shown.back().first;
      if (columns_[column].right) {
        out += padding + painted;
      } else {
        out += last ? painted : painted + padding;
      }
      if (!last) out += kGap;
    }
    console.out << out << '\n';
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.push_back(Cell{column.title, Tone::faint});
  line(titles);
  for (const auto& row : rows_) line(row);
  if (shown.size() == columns_.size()) return;
  const std::string left_out =
      fmt::format("{} columns left out: the terminal is too narrow", columns_.size() - shown.size());
  console.out << console.paint(left_out, Tone::faint) << '\n';
}

void ProgressLine::show(std::string_view text) {
  if (!console_.err_terminal) return;
  console_.err << '\r' << shorten(text, console_.err_width - 1) << "\x1b[K" << std::flush;
  shown_ = true;
}

void ProgressLine::show(double done, std::string_view text) {
  const double part = std::clamp(done, 0.0, 1.0);
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(kBarWidth));
  show(fmt::format("[{}{}] {:3.0f} %  {}", std::string(filled, '#'), std::string(kBarWidth - filled, '-'),
                   std::floor(part * 100), text));
}

void ProgressLine::line(std::string_view text) {
  clear();
  console_.err << text << '\n' << std::flush;
}

void ProgressLine::clear() {
  if (shown_) console_.err << "\r\x1b[K" << std::flush;
  shown_ = false;
}

std::string duration_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (seconds < 90) return fmt::format("{:.0f} s", seconds);
  const auto minutes = static_cast<std::int64_t>(seconds / 60);
  if (minutes < 90) return fmt::format("{} min", minutes);
  if (minutes < 48 * 60) return fmt::format("{} h {} min", minutes / 60, minutes % 60);
  return fmt::format("{} d {} h", minutes / 1440, minutes % 1440 / 60);
}

std::string bytes_text(double bytes) {
  static constexpr std::array<std::string_view, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string count_text(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

}  // namespace sluice::daemon
