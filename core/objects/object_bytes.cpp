#include "core/objects/object_bytes.hpp"

namespace sluice::objects {
namespace {

// More than a frame of so many plain bytes can take, in both formats (their own bounds stay below 0.5 % and
// 64 bytes).
std::uint64_t frame_bound(std::size_t bytes) { return bytes + bytes / 64 + 256; }

}  // namespace

bool ObjectBytes::absorb() {
  if (compressor_ == nullptr || block_.size() < format::kBlockBytes) return false;
  std::size_t done = 0;
  for (; block_.size() - done >= format::kBlockBytes; done += format::kBlockBytes) {
    compressor_->append_frame(block_.view(done, format::kBlockBytes), ready_);
  }
  format::ByteBuffer rest;
  rest.append(block_.view(done, block_.size() - done));
  block_ = std::move(rest);
  return true;
}

void ObjectBytes::end() {
  if (compressor_ == nullptr || (block_.empty() && size() > 0)) return;
  compressor_->append_frame(block_.view(), ready_);
  block_ = format::ByteBuffer();
}

bool ObjectBytes::may_pass(std::uint64_t bytes_max) const {
  if (compressor_ == nullptr) return size() > bytes_max;
  const std::size_t blocks = block_.size() / format::kBlockBytes;
  return blocks > 0 && size() + (blocks + 2) * frame_bound(format::kBlockBytes) > bytes_max;
}

bool ObjectBytes::is_full(std::uint64_t bytes_max) const {
  return compressor_ != nullptr && size() + 2 * frame_bound(format::kBlockBytes) > bytes_max;
}

format::ByteBuffer ObjectBytes::take(std::size_t size) {
  format::ByteBuffer taken = std::move(ready_);
  ready_.append(taken.view(size, taken.size() - size));
  taken.truncate(size);
  taken_ += size;
  return taken;
}

}  // namespace sluice::objects
