#pragma once
// What others may watch: metrics, the daemon's log, tests. Called on the loop's thread; must not throw or
// wait.

#include "core/base/time.hpp"
#include "core/pipeline/log.hpp"
#include "scheduler/backfill.hpp"
#include "scheduler/instance.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::scheduler {

class Observer {
 public:
  virtual ~Observer() = default;

  // One line for the daemon's log.
  virtual void log(pipeline::Level /*level*/, std::string_view /*text*/) {}
  // `count` instances were created ahead.
  virtual void planned(std::size_t /*count*/) {}
  // `late` is the time since the slot, or since the retry was due; 0 for a backfill.
  virtual void attempt_started(const Instance& /*instance*/, int /*attempt*/, Duration /*late*/) {}
  virtual void attempt_ended(const Instance& /*instance*/, const Attempt& /*attempt*/) {}
  // `count` windows that `job` missed, slots `first` to `last`, were skipped as its catchUp says.
  virtual void windows_skipped(const std::string& /*job*/, std::size_t /*count*/, Instant /*first*/,
                               Instant /*last*/, const std::string& /*reason*/) {}
  // The state changed to instance.state; attempts report their end here too.
  virtual void instance_changed(const Instance& /*instance*/) {}
  // It was asked for, its instances are all made, an operator changed its state, or nothing is left to do.
  virtual void backfill_changed(const Backfill& /*backfill*/) {}
  // Its instances are all made; of a cancelled one, what waited was skipped.
  virtual void backfill_planned(const Backfill& /*backfill*/) {}
  virtual void backfill_skipped(const Backfill& /*backfill*/) {}
};

// Since the scheduler was made.
struct Counters {
  std::uint64_t planned = 0;  // instances created
  std::uint64_t started = 0;  // attempts
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;  // attempts, retried or not
  std::uint64_t killed = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t lost = 0;            // closed at start, or given up by a stop
  std::uint64_t store_failures = 0;  // calls of the store that threw
};

}  // namespace sluice::scheduler
