#pragma once
// Compressed objects: a row of frames, one for each block of the plain bytes.

#include "core/format/byte_buffer.hpp"
#include "core/job/job.hpp"

#include <memory>
#include <string_view>

namespace sluice::format {

// Plain bytes of a block, but for the last of an object. Fixed, so that the bytes of an object depend on
// nothing but its content.
inline constexpr std::size_t kBlockBytes = 256 * 1024;

// Serves any number of objects in turns.
class Compressor {
 public:
  virtual ~Compressor() = default;

  // Appends `block` as a frame of its own (gzip: a member). A row of frames is what every reader of the
  // format takes for one stream.
  virtual void append_frame(std::string_view block, ByteBuffer& out) = 0;
};

// Null for Compression::none.
std::unique_ptr<Compressor> make_compressor(job::Compression compression);

}  // namespace sluice::format
