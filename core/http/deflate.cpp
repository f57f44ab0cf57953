#include "core/http/deflate.hpp"

#include <new>
#include <zlib.h>

namespace sluice::http {

std::string deflate_zlib(std::string_view bytes) {
  uLongf size = compressBound(bytes.size());
  std::string result(size, '\0');
  const int status = compress(reinterpret_cast<Bytef*>(result.data()), &size,
                              reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (status != Z_OK) throw std::bad_alloc();
  result.resize(size);
  return result;
}

}  // namespace sluice::http
