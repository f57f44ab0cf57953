#pragma once
// What the world did and what an oracle may therefore expect: definitions over time, pauses, reopened
// instances, and the operators' actions.

#include "core/job/job.hpp"
#include "scheduler/instance.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace sluice::test {

// A definition of a job, from when it was put in.
struct Era {
  job::Job job;
  Instant begin{};  // wall clock; slots of this time and later may be this era's ...
  Instant sure{};   // ... and those behind this one are
  bool planned = false;
};

struct Accepted {
  std::string actor;  // another one each time
  std::string action;
  std::string target;
  bool certain = true;  // false: the answer was lost, or an error though it was taken down
};

struct Truth {
  std::map<std::string, std::vector<Era>> eras;  // by job
  std::map<std::string, Duration> changed;       // by job: when its file last changed; monotonic
  std::map<std::string, Duration> paused;        // by job; monotonic; only where that is certain
  std::map<std::string, Duration> reopened;      // by chain: when something done was put back; monotonic
  std::map<scheduler::InstanceId, std::pair<Instant, Instant>> repeated;  // positions a rerun must keep
  std::map<std::string, Instant> covered;   // by job: the furthest coverage seen
  std::set<scheduler::InstanceId> by_hand;  // somebody set them to success, or skipped them
  std::map<std::string, Duration>
      held;                         // by chain: groups of backfills that are paused or cancelled; monotonic
  std::set<std::string> cancelled;  // chains: groups of cancelled backfills; known at the end
  std::set<scheduler::InstanceId> touched;  // an operator acted on them, or tried
  std::vector<Accepted> actions;
  std::vector<Accepted> backfill_actions;
  std::size_t attempts_max = 4;  // the largest of the last ten minutes
};

}  // namespace sluice::test
