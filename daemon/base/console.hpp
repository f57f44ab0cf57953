#pragma once
// Where the command line prints: width, colour, tables.

#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::daemon {

enum class Tone { plain, strong, good, warn, bad, faint };

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool terminal = false;  // `out` is a terminal
  bool colour = false;
  std::size_t width = 0;      // of the terminal in columns; 0: no limit
  bool err_terminal = false;  // `err` is a terminal: progress lines make sense
  std::size_t err_width = 0;  // of that terminal in columns

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
    bool flexible = false;  // may be shortened to fit the terminal; never what names the line
    int spare = 0;          // left out where the line does not fit, the highest first; 0: never
  };
  struct Cell {
    std::string text;
    Tone tone = Tone::plain;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const noexcept { return rows_.empty(); }

  // Until a line fits console.width flexible columns shrink, the widest first; then spare columns are left
  // out, which a last line tells. What still does not fit runs over the edge.
  void print(Console& console) const;

 private:
  std::vector<std::size_t> natural_widths() const;
  // Which columns are shown, and how wide.
  std::vector<std::pair<std::size_t, std::size_t>> layout(std::size_t limit) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// One line of the terminal that is written over again and again; other lines go above it. Without a terminal
// only those other lines are printed. It goes to console.err: what is printed for programs stays clean.
class ProgressLine {
 public:
  explicit ProgressLine(Console& console) : console_(console) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(std::string_view text);
  // With a bar for `done`, 0 to 1, before the text.
  void show(double done, std::string_view text);
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
