#include "core/format/compressor.hpp"

#include <new>
#include <stdexcept>
#include <zlib.h>
#include <zstd.h>

namespace sluice::format {
namespace {

class GzipCompressor final : public Compressor {
 public:
  GzipCompressor() {
    constexpr int kGzipWindow = 15 + 16;
    constexpr int kMemoryLevel = 8;
    if (deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
      throw std::bad_alloc();
    }
  }
  GzipCompressor(const GzipCompressor&) = delete;
  GzipCompressor& operator=(const GzipCompressor&) = delete;
  ~GzipCompressor() override { deflateEnd(&stream_); }

  void append_frame(std::string_view block, ByteBuffer& out) override {
    deflateReset(&stream_);
    const std::size_t room = deflateBound(&stream_, block.size());
    stream_.next_in = reinterpret_cast<const Bytef*>(block.data());
    stream_.avail_in = static_cast<uInt>(block.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.grow(room));
    stream_.avail_out = static_cast<uInt>(room);
    if (deflate(&stream_, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("gzip: no room for a frame");
    out.advance(room - stream_.avail_out);
  }

 private:
  z_stream stream_{};
};

class ZstdCompressor final : public Compressor {
 public:
  ZstdCompressor() : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ZstdCompressor(const ZstdCompressor&) = delete;
  ZstdCompressor& operator=(const ZstdCompressor&) = delete;
  ~ZstdCompressor() override { ZSTD_freeCCtx(context_); }

  void append_frame(std::string_view block, ByteBuffer& out) override {
    const std::size_t room = ZSTD_compressBound(block.size());
    const std::size_t size = ZSTD_compress2(context_, out.grow(room), room, block.data(), block.size());
    if (ZSTD_isError(size) != 0) throw std::runtime_error(ZSTD_getErrorName(size));
    out.advance(size);
  }

 private:
  ZSTD_CCtx* context_;
};

}  // namespace

std::unique_ptr<Compressor> make_compressor(job::Compression compression) {
  switch (compression) {
    case job::Compression::none:
      break;
    case job::Compression::gzip:
      return std::make_unique<GzipCompressor>();
    case job::Compression::zstd:
      return std::make_unique<ZstdCompressor>();
  }
  return nullptr;
}

}  // namespace sluice::format
