#pragma once
// What the daemon keeps resident of its program and libraries.

namespace sluice::daemon {

// Unmaps their pages that nothing has written to: those that only the start needed stay away, the others come
// back from the page cache as they are used. For when the start is over; costs the faults of what comes back.
void let_go_of_program_pages() noexcept;

}  // namespace sluice::daemon
