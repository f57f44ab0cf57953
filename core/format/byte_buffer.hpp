#pragma once
// Where encoders write: bytes that grow without being zeroed first.

#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace sluice::format {

// Movable, not copyable. Memory grows by half and is kept until the buffer is destroyed or moved from.
class ByteBuffer {
 public:
  // Bytes past a write that may be overwritten with anything and read as anything: room for whole-register
  // steps.
  static constexpr std::size_t kSlack = 16;

  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&& other) noexcept { swap(other); }
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    ByteBuffer taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~ByteBuffer() { std::free(bytes_); }

  // Room for `size` more bytes and kSlack behind them. The pointer is valid until the next call.
  char* grow(std::size_t size) {
    if (capacity_ - size_ < size + kSlack) enlarge(size + kSlack);
    return bytes_ + size_;
  }
  // Makes `size` bytes written at grow()'s pointer part of the content.
  void advance(std::size_t size) {
    assert(size <= capacity_ - size_);
    size_ += size;
  }

  void append(std::string_view text) {
    char* const to = grow(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    size_ += text.size();
  }
  void append(char byte) {
    *grow(1) = byte;
    ++size_;
  }
  void truncate(std::size_t size) {
    assert(size <= size_);
    size_ = size;
  }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  char* data() noexcept { return bytes_; }
  std::string_view view() const noexcept { return std::string_view(bytes_, size_); }
  std::string_view view(std::size_t offset, std::size_t size) const { return view().substr(offset, size); }

 private:
  void swap(ByteBuffer& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  void enlarge(std::size_t extra) {
    std::size_t wanted = capacity_ + capacity_ / 2;
    if (wanted < size_ + extra) wanted = size_ + extra;
    if (wanted < kLeast) wanted = kLeast;
    void* const moved = std::realloc(bytes_, wanted);
    if (moved == nullptr) throw std::bad_alloc();
    bytes_ = static_cast<char*>(moved);
    capacity_ = wanted;
  }

  // Thousands of values of `partition` have a buffer each.
  static constexpr std::size_t kLeast = 256;

  char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace sluice::format
