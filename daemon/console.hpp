#pragma once
// Where the command line prints: width, colour, tables.

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::daemon {

enum class Tone { plain, strong, good, warn, bad, faint };

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool terminal = false;  // `out` is a terminal: progress lines make sense
  bool colour = false;
  std::size_t width = 0;  // of the terminal in columns; 0: no limit

  // `text` in the tone, or as it is without colour.
  std::string paint(std::string_view text, Tone tone) const;
};

// std::cout and std::cerr; colour only on a terminal that can and unless $NO_COLOR is set.
Console standard_console();

// Columns the text takes on a terminal: wide for Chinese, nothing for combining marks.
std::size_t display_width(std::string_view utf8);

// Cut to `width` columns with an ellipsis at the end.
std::string shorten(std::string_view utf8, std::size_t width);

class Table {
 public:
  struct Column {
    std::string title;
    bool right = false;     // numbers
    bool flexible = false;  // may be shortened to fit the terminal
  };
  struct Cell {
    std::string text;
    Tone tone = Tone::plain;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const noexcept { return rows_.empty(); }

  // Flexible columns shrink, the widest first, until a line fits console.width.
  void print(Console& console) const;

 private:
  std::vector<std::size_t> widths(std::size_t limit) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// Writes over one line of the terminal; lines that stay go above it.
class ProgressLine {
 public:
  explicit ProgressLine(Console& console) : console_(console) {}
  // Nothing where nobody watches.
  void show(const std::string& text);
  void line(std::string_view text);
  void clear();

 private:
  Console& console_;
  bool shown_ = false;
};

// "7 s", "3 min", "5 h 10 min", "2 d 3 h"
std::string duration_text(double seconds);
// "812 B", "1.4 MB"
std::string bytes_text(double bytes);
// "1,234,567"
std::string count_text(std::uint64_t count);

}  // namespace sluice::daemon
