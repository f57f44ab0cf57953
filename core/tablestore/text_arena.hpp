#pragma once
// Memory for texts that rows point to and that are all given up at once.

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::tablestore {

// Texts stay where they are while others are added. Without texts it holds no memory.
class TextArena {
 public:
  // `size` bytes to write a text into, valid until clear().
  char* take(std::size_t size) {
    if (blocks_.empty() || blocks_.back().size - used_ < size) add_block(size);
    return blocks_.back().bytes.get() + std::exchange(used_, used_ + size);
  }

  void clear() noexcept {
    blocks_.clear();
    used_ = 0;
  }

 private:
  static constexpr std::size_t kBlockBytes = 64 * 1024;

  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };

  void add_block(std::size_t wanted) {
    const std::size_t size = wanted > kBlockBytes ? wanted : kBlockBytes;
    blocks_.push_back(Block{std::make_unique_for_overwrite<char[]>(size), size});
    used_ = 0;
  }

  std::vector<Block> blocks_;
  std::size_t used_ = 0;  // of the last block
};

}  // namespace sluice::tablestore
