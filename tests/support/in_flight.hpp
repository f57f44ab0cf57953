#pragma once
// Counts the requests of a fake that are on their way.

#include <algorithm>

namespace sluice::test {

// Raises `now` for as long as it lives, and `most` to the highest it was. Both must outlive it.
class InFlight {
 public:
  InFlight(int& now, int& most) : now_(now) { most = std::max(most, ++now_); }
  ~InFlight() { --now_; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  int& now_;
};

}  // namespace sluice::test
