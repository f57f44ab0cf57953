#pragma once
// Which calls of a faulty store fail, and how.

#include <cstddef>
#include <functional>

namespace sluice::test {

enum class Fault {
  none,
  before,  // the call throws and has had no effect
  after,   // the call takes effect, then throws: the answer is lost
};

// Decides the fate of a call: its number from 0, and whether it writes.
using FaultScript = std::function<Fault(std::size_t call, bool writes)>;

}  // namespace sluice::test
