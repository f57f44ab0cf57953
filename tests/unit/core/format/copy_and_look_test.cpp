#include "core/format/copy_and_look.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

using namespace sluice::format;

namespace {

// Bytes that end with a page behind which nothing may be read or written.
class PageEnd {
 public:
  PageEnd() : page_(static_cast<std::size_t>(getpagesize())) {
    void* const map = mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(map != MAP_FAILED);
    begin_ = static_cast<char*>(map);
    REQUIRE(mprotect(begin_ + page_, page_, PROT_NONE) == 0);
  }
  PageEnd(const PageEnd&) = delete;
  PageEnd& operator=(const PageEnd&) = delete;
  ~PageEnd() { munmap(begin_, 2 * page_); }
  char* last(std::size_t size) const { return begin_ + page_ - size; }

 private:
  std::size_t page_;
  char* begin_;
};

}  // namespace

TEST_CASE("copy and look: every choice finds each mark at each place, and reads and writes nothing beyond",
          "[csv]") {
  CopyAndLookChoice choices[3];
  const std::size_t count = copy_and_look_choices(choices);
  REQUIRE(count >= 1);
  CHECK(choices[count - 1].function == copy_and_look());
  const PageEnd from;
  const PageEnd to;
  const Marks marks(',', '"', '\\');
  for (std::size_t choice = 0; choice < count; ++choice) {
    CAPTURE(choices[choice].name);
    for (std::size_t size = 0; size < 140; ++size) {
      char* const field = from.last(size);
      char* const copy = to.last(size);
      std::memset(field, 'x', size);
      const Found none = choices[choice].function(field, size, copy, marks);
      REQUIRE_FALSE(none.mark);
      REQUIRE_FALSE(none.escapable);
      REQUIRE(std::memcmp(field, copy, size) == 0);
      for (std::size_t at = 0; at < size; ++at) {
        for (const char mark : {',', '"', '\\', '\r', '\n'}) {
          field[at] = mark;
          const Found found = choices[choice].function(field, size, copy, marks);
          REQUIRE(found.mark);
          REQUIRE(found.escapable == (mark == '"' || mark == '\\'));
          REQUIRE(std::memcmp(field, copy, size) == 0);
        }
        field[at] = 'x';
      }
    }
  }
}
