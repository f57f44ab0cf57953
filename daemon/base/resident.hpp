#pragma once
// What the daemon keeps resident: of its program and libraries, and of memory that it does not use.

namespace sluice::daemon {

// Unmaps their pages that nothing has written to: those that only the start needed stay away, the others come
// back from the page cache as they are used. For when the start is over; costs the faults of what comes back.
void let_go_of_program_pages() noexcept;

// Gives memory that was freed back to the system, of all threads: the allocator keeps it where something in
// use lies behind it, so that one large answer would count as the daemon's for good. Milliseconds, in which
// other threads may wait for memory; nothing where the C library is another one.
void give_back_freed_memory() noexcept;

}  // namespace sluice::daemon
