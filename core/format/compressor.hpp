#pragma once
// Compressed objects: a row of frames, one for each block of the plain bytes.

#include "core/format/byte_buffer.hpp"
#include "core/job/job.hpp"

#include <memory>
#include <string_view>

namespace sluice::format {

// Plain bytes of a block, but for the last of an object. Fixed, so that the bytes of an object depend on
// nothing but its content. Tables of orders, 16 MiB: gzip loses 0.7 to 2 % against one frame for all, zstd up
// to 9 % where texts come again from afar and nothing elsewhere. Blocks of 1 MiB win most of that back, but
// each shard holds one.
inline constexpr std::size_t kBlockBytes = 256 * 1024;

// What all writers use. On one core of the test machine and the same tables: gzip 6 shrinks them to 29 to 41
// % at 21 to 31 MB/s, gzip 1 to 34 to 47 % at 56 to 97; zstd 3 to 30 to 40 % at 125 to 140 MB/s, zstd 1 to 29
// to 44 % at 185 to 225, zstd 6 to 28 to 37 % at 63 to 75.
inline constexpr int kGzipLevel = 6;
inline constexpr int kZstdLevel = 3;

// Serves any number of objects in turns. Holds 270 KiB (gzip) or 1 MiB (zstd). The bytes are a function of
// the block and of the library's version.
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
