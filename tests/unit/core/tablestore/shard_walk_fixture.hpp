#pragma once
// A walk over one shard, fed by hand: the window is [kStart, kStart + 5 min).

#include "core/tablestore/shard_walk.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sluice::tablestore::walk_test {

using namespace std::chrono_literals;
using job::OnGap;
using pipeline::Sequence;
using pipeline::ShardPosition;
using Kind = pipeline::ShardPosition::Kind;
using StepKind = WalkStep::Kind;
using Verdict = ShardWalk::Verdict;

inline const Instant kStart{std::chrono::sys_days(std::chrono::year(2018) / 10 / 16)};
inline const Instant kEnd = kStart + 5min;
inline const Instant kSettled = kEnd + 60s;

inline Sequence at(Duration since_start, std::int32_t row = 0, std::int32_t epoch = 1) {
  return Sequence{epoch, (kStart + since_start).time_since_epoch().count(), row};
}

inline ShardPosition begin(Kind kind) {
  ShardPosition position;
  position.shard = "s1";
  position.kind = kind;
  if (kind == Kind::at_time) position.time = kStart;
  if (kind == Kind::iterator) position.iterator = "it0";
  return position;
}

inline WalkPlan plan(ShardPosition start) {
  WalkPlan result;
  result.start = std::move(start);
  result.window_start = kStart;
  result.window_end = kEnd;
  result.settle = 60s;
  return result;
}

// Feeds one page; the text of the verdicts: t(ake), l(eave), s(top), or the error.
inline std::string feed(ShardWalk& walk, std::vector<Sequence> records, const char* next,
                        Instant server_time = kSettled, std::optional<bool> may_more = {}) {
  const auto first = records.empty() ? std::nullopt : std::optional(records.front());
  if (auto begun = walk.begin_page(server_time, first); begun.has_error()) return begun.error().message();
  std::string verdicts;
  for (const Sequence& sequence : records) {
    const auto verdict = walk.judge(sequence);
    if (verdict.has_error()) return verdict.error().message();
    verdicts += *verdict == Verdict::take ? 't' : *verdict == Verdict::leave ? 'l' : 's';
    if (*verdict == Verdict::stop) break;
  }
  const auto ended =
      walk.end_page(next == nullptr ? std::nullopt : std::optional<std::string>(next), may_more);
  if (ended.has_error()) return ended.error().message();
  return verdicts;
}

}  // namespace sluice::tablestore::walk_test
