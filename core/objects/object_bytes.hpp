#pragma once
// The bytes of one object between encoder and store.

#include "core/format/byte_buffer.hpp"
#include "core/format/compressor.hpp"

#include <cstdint>

namespace sluice::objects {

// Plain, or compressed in frames of format::kBlockBytes: what comes out depends on the whole of what went in,
// not on how it was cut. A row of such objects, one behind the other, is an object of that kind again.
class ObjectBytes {
 public:
  // `compressor` outlives it; null: plain.
  explicit ObjectBytes(format::Compressor* compressor) : compressor_(compressor) {}

  // Where encoders append. After them absorb(), at a row's end.
  format::ByteBuffer& open() { return compressor_ == nullptr ? ready_ : block_; }

  // Full blocks become frames; true if there was one.
  bool absorb();

  // The last block becomes a frame. A compressed object has at least one.
  void end();

  // Object bytes so far, in frames where compressed.
  std::uint64_t size() const noexcept { return taken_ + ready_.size(); }

  // True if rows appended since the last absorb() may have brought the object past `bytes_max`: then append
  // one by one and ask is_full() after each that completed a frame.
  bool may_pass(std::uint64_t bytes_max) const;
  // Compressed: no room for one more frame and what is then left of a row.
  bool is_full(std::uint64_t bytes_max) const;
  bool compressed() const noexcept { return compressor_ != nullptr; }

  // Object bytes that can be sent, and the first `size` of them.
  std::size_t ready() const noexcept { return ready_.size(); }
  format::ByteBuffer take(std::size_t size);

  std::size_t held() const noexcept { return block_.size() + ready_.size(); }

 private:
  format::Compressor* compressor_;
  format::ByteBuffer block_;  // plain, not yet a frame
  format::ByteBuffer ready_;
  std::uint64_t taken_ = 0;
};

}  // namespace sluice::objects
