#include "daemon/base/resident.hpp"

#include <cstdint>
#include <link.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/mman.h>
#include <unistd.h>

namespace sluice::daemon {
namespace {

// What may be written to, relocated data included, is in segments of its own and has no other copy.
int let_go_of_segments(dl_phdr_info* object, std::size_t, void* page_size) {
  const std::uintptr_t page = *static_cast<std::uintptr_t*>(page_size);
  for (int n = 0; n < object->dlpi_phnum; ++n) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[n];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    // The loader tells addresses as numbers.  NOLINTNEXTLINE(performance-no-int-to-ptr)
    void* const address = reinterpret_cast<void*>(begin);
    // The kernel's own object refuses; it has no pages to give.
    ::madvise(address, end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void let_go_of_program_pages() noexcept {
  auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  dl_iterate_phdr(let_go_of_segments, &page);
}

void give_back_freed_memory() noexcept {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace sluice::daemon
