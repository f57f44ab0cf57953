#include "core/tablestore/shard_walk.hpp"

#include "core/tablestore/stream_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sluice::tablestore {
namespace {

using namespace std::chrono_literals;
using Kind = pipeline::ShardPosition::Kind;
using pipeline::Sequence;

// Seeking by time is not exact; what comes too early is left out by its time or sequence.
constexpr Duration kSeekMargin = 10min;
constexpr Duration kPauseMin = 200ms;
constexpr Duration kPauseMax = 5s;
// A server that says "more" on this many empty pages from one place is asked with pauses from then on,
constexpr int kEmptyPagesMax = 64;
// and on this many it is given up, after some five minutes.
constexpr int kStalledPagesMax = 128;
// Records that were read once are there at once, so few empty answers are needed to see that they are gone.
constexpr int kRepeatEmptyPagesMax = 5;
constexpr int kTrimsMax = 3;

Instant time_of(const Sequence& sequence) { return Instant(Duration(sequence.time_us)); }

// Whether an empty page stands for records of the other tables of a group. Any number of such pages may lie
// before our next record, and none may be waited for: a walk over them is bounded by whoever carries it out.
bool passes_over_others(const std::string& iterator, const std::optional<std::string>& next_iterator,
                        bool may_more) {
  return may_more && next_iterator && !next_iterator->empty() && *next_iterator != iterator;
}

}  // namespace

ShardWalk::ShardWalk(WalkPlan plan)
    : plan_(std::move(plan)),
      last_(plan_.start.last),
      next_(plan_.start.next),
      polled_(plan_.start.polled),
      pause_(kPauseMin) {
  const bool knows_page = plan_.start.kind == Kind::iterator && !plan_.start.iterator.empty();
  if (plan_.start.kind == Kind::iterator && !knows_page && !last_) {
    // Nothing was met in it so far: what it holds from then on is new.
    plan_.start.kind = Kind::at_time;
    plan_.start.time = polled_;
  }
  if (plan_.start.kind == Kind::iterator && !knows_page) {
    state_ = State::probe_seek;
    trim_cause_ = "no record that was read is kept any more";
  } else if (plan_.start.kind == Kind::iterator) {
    state_ = State::read;
    iterator_ = plan_.start.iterator;
    resume_after_ = last_;
  } else if (plan_.start.kind == Kind::at_time) {
    if (plan_.seek_by_time) seek_time_ = plan_.start.time - kSeekMargin;
    before_start_ = true;
  }
}

WalkStep ShardWalk::next() const {
  switch (state_) {
    case State::seek:
      return WalkStep{WalkStep::Kind::seek, seek_time_, {}};
    case State::probe_seek:
      return WalkStep{WalkStep::Kind::seek, {}, {}};
    case State::read:
      return WalkStep{WalkStep::Kind::read, {}, {}};
    case State::probe:
      return WalkStep{WalkStep::Kind::probe, {}, {}};
    case State::pause:
      return WalkStep{WalkStep::Kind::pause, {}, pause_};
    case State::done:
      break;
  }
  return WalkStep{};
}

Result<void> ShardWalk::found(std::string iterator) {
  if (iterator.empty()) {
    if (state_ != State::seek || !seek_time_) return error(Errc::corrupt, "the oldest iterator is empty");
    seek_time_.reset();
    return {};
  }
  iterator_ = std::move(iterator);
  state_ = state_ == State::probe_seek ? State::probe : State::read;
  return {};
}

Result<void> ShardWalk::failed(const Error& failure) {
  if (failure.code() != Errc::trimmed && failure.code() != Errc::not_found) {
    return failure.in("read shard " + shard());
  }
  // The oldest record may be trimmed between the two requests that look for it.
  const bool is_race = state_ == State::probe && failure.code() == Errc::trimmed;
  if (!is_race && (state_ == State::probe_seek || state_ == State::probe)) return gone(failure);
  if (++trims_ > kTrimsMax) return failure.in("read shard " + shard());
  trim_cause_ = failure.message();
  state_ = State::probe_seek;
  return {};
}

// Not even the oldest record can be asked for: the shard itself has expired.
Result<void> ShardWalk::gone(const Error& failure) {
  if (plan_.is_listed) {
    return error(Errc::unavailable, fmt::format("the stream lists it, but {}", failure.message()));
  }
  // All its records have expired, so none can be younger than the retention.
  const Instant from = known_until();
  const auto result = lose(from, std::max(from, plan_.now - plan_.retention), failure.message());
  if (result.has_error()) return result;
  state_ = State::done;
  ended_ = true;
  return {};
}

Result<void> ShardWalk::probed(Instant server_time, const std::optional<Sequence>& oldest,
                               const std::optional<std::string>& next_iterator, bool may_more) {
  if (!oldest && passes_over_others(iterator_, next_iterator, may_more)) {
    empty_probes_ = 0;
    iterator_ = *next_iterator;
    return {};
  }
  const int probes_max = may_more ? kEmptyPagesMax : kRepeatEmptyPagesMax;
  const bool goes_on = next_iterator && !next_iterator->empty();
  if (!oldest && goes_on && ++empty_probes_ < probes_max) {
    const bool moved = std::exchange(iterator_, *next_iterator) != *next_iterator;
    if (may_more || moved) return {};
    if (!is_all_kept(server_time, oldest)) {  // one empty answer proves no loss
      pause(State::probe);
      return {};
    }
  }
  resume_after_ = last_;
  left_out_.reset();
  state_ = State::read;  // at the oldest record, whose iterator was found
  const Instant from = known_until();
  if (!is_all_kept(server_time, oldest)) {
    return lose(from, oldest ? time_of(*oldest) : server_time, trim_cause_);
  }
  // Only the iterator is too old. Where all that is kept is new, reading goes on with the oldest.
  if (last_ && (!oldest || *oldest > *last_)) return {};
  must_meet_last_ = last_.has_value();
  seek_time_ = (last_ ? std::min(from, time_of(*last_)) : from) - kSeekMargin;
  state_ = State::seek;
  return {};
}

// Whether every record behind the last one read is still there. Known places decide. Without them the shard
// was read empty at a time, and what came since is kept for the retention.
bool ShardWalk::is_all_kept(Instant server_time, const std::optional<Sequence>& oldest) const {
  if (oldest && last_ && *oldest <= *last_) return true;
  if (next_) return oldest && *oldest <= *next_;
  if (plan_.until) return false;  // what a window held has to be proven
  const Instant from = known_until();
  if (oldest && time_of(*oldest) <= from) return true;
  return plan_.retention > 0h && from >= server_time - plan_.retention;
}

Result<void> ShardWalk::begin_page(Instant server_time, const std::optional<Sequence>& first) {
  if (server_time == Instant{}) return error(Errc::corrupt, "an answer without the server's time");
  server_time_ = server_time;
  page_has_records_ = first.has_value();
  if (must_meet_last_) rescan_ = !first || *first > *last_;
  must_meet_last_ = false;
  if (!std::exchange(first_page_, false)) return {};
  return check_retention(first);
}

// A walk that begins at the oldest record cannot be told by the server that older ones are gone.
Result<void> ShardWalk::check_retention(const std::optional<Sequence>& first) {
  if (plan_.start.kind == Kind::iterator || plan_.retention == 0h) return {};
  Instant from = pipeline::read_until(plan_.start);
  if (from == Instant{}) return {};
  from = std::max(from, plan_.enabled);
  const Instant kept_from = server_time_ - plan_.retention;
  if (from >= kept_from || (first && time_of(*first) <= from)) return {};
  return lose(from, first ? time_of(*first) : kept_from, "older than the stream's retention");
}

Result<ShardWalk::Verdict> ShardWalk::judge(const Sequence& sequence) {
  if (stopped_) return Verdict::stop;
  if (rescan_) return Verdict::leave;
  const auto past = passed_before(sequence);
  if (past.has_error()) return past.error();
  if (*past) return Verdict::leave;
  if (const auto order = check_order(sequence); order.has_error()) return order.error();

  const Instant time = time_of(sequence);
  const bool is_ahead = time > server_time_ + kAheadMax;
  if (plan_.until ? sequence > *plan_.until : time >= plan_.window_end && !is_ahead) {
    if (plan_.until)
      return error(Errc::trimmed, fmt::format("its record {} is missing", to_text(*plan_.until)));
    stopped_ = true;
    next_ = sequence;
    polled_ = std::min(server_time_, time - 1us);  // this record has not been read
    return Verdict::stop;
  }
  last_ = sequence;
  next_.reset();
  if (!is_ahead) polled_ = time;
  if (plan_.until && sequence == *plan_.until) stopped_ = true;
  if (before_start_ && (is_ahead || time < plan_.start.time)) return Verdict::leave;
  before_start_ = false;
  ++counts_.records;
  if (is_ahead) ++counts_.ahead;
  if (time < plan_.window_start) ++counts_.late;
  counts_.first_record = std::min(counts_.first_record, time);
  counts_.last_record = std::max(counts_.last_record, time);
  return Verdict::take;
}

// Whoever leaves out records because they were read before must come by the last one of them. Otherwise they
// are not what they seem, and leaving them out would lose them.
Result<bool> ShardWalk::passed_before(const Sequence& sequence) {
  if (!resume_after_) return false;
  if (sequence <= *resume_after_) {
    if (left_out_ && sequence <= *left_out_) {
      return error(Errc::corrupt,
                   fmt::format("record {} follows record {}", to_text(sequence), to_text(*left_out_)));
    }
    left_out_ = sequence;
    return true;
  }
  if (is_astray()) {
    return error(Errc::corrupt, fmt::format("record {} comes again, but then {} instead of {}",
                                            to_text(*left_out_), to_text(sequence), to_text(*resume_after_)));
  }
  resume_after_.reset();
  return false;
}

Result<void> ShardWalk::check_order(const Sequence& sequence) {
  if (!last_ || sequence > *last_) return {};
  return error(Errc::corrupt, fmt::format("record {} follows record {}", to_text(sequence), to_text(*last_)));
}

Result<void> ShardWalk::end_page(const std::optional<std::string>& next_iterator,
                                 std::optional<bool> may_more) {
  if (stopped_) {
    state_ = State::done;
    return {};
  }
  const bool passed_others =
      !page_has_records_ && passes_over_others(iterator_, next_iterator, may_more == true);
  if (passed_others) must_meet_last_ = std::exchange(rescan_, false);
  if (std::exchange(rescan_, false)) {
    seek_time_.reset();
    state_ = State::seek;
    return {};
  }
  if (!next_iterator || next_iterator->empty()) {
    if (is_astray()) {
      return error(Errc::corrupt, fmt::format("it ends with record {}, but {} was read before",
                                              to_text(*left_out_), to_text(*resume_after_)));
    }
    if (plan_.until)
      return error(Errc::trimmed, fmt::format("it ends before record {}", to_text(*plan_.until)));
    state_ = State::done;
    ended_ = true;
    polled_ = server_time_;
    return {};
  }
  const bool moved = *next_iterator != iterator_;
  iterator_ = *next_iterator;
  if (!page_has_records_ && !passed_others) return end_empty_page(may_more, moved);
  empty_pages_ = 0;
  pause_ = kPauseMin;
  state_ = State::read;
  return {};
}

Result<void> ShardWalk::end_empty_page(std::optional<bool> may_more, bool moved) {
  ++empty_pages_;
  if (may_more == true) return await_promised();
  const bool expects_more = plan_.until || is_astray();
  if (expects_more && empty_pages_ > kRepeatEmptyPagesMax) return missing();
  polled_ = server_time_;
  const Duration left = plan_.window_end + plan_.settle - server_time_;
  if (!expects_more && left <= 0us) {
    // One empty answer may hold something back, unless the server says that there is no more; the next one
    // tells.
    const bool says_end = may_more == false && !moved;
    state_ = empty_pages_ == 1 && !says_end ? State::read : State::done;
    return {};
  }
  if (empty_pages_ > 1) pause_ = std::min(2 * pause_, kPauseMax);
  if (!expects_more) pause_ = std::min(pause_, std::max<Duration>(left, 10ms));
  pause(State::read);
  return {};
}

// The server says that there are more records but gives none. A window must not be closed without them.
Result<void> ShardWalk::await_promised() {
  if (empty_pages_ < kEmptyPagesMax) {
    state_ = State::read;
    return {};
  }
  if (empty_pages_ >= kStalledPagesMax) {
    return error(
        Errc::unavailable,
        fmt::format(
            "the server says that there are more records, but gave none in {} answers from the same place",
            empty_pages_));
  }
  if (empty_pages_ > kEmptyPagesMax) pause_ = std::min(2 * pause_, kPauseMax);
  pause(State::read);
  return {};
}

void ShardWalk::pause(State then) {
  after_pause_ = then;
  state_ = State::pause;
}

Error ShardWalk::missing() const {
  if (!is_astray()) {
    return error(Errc::trimmed, fmt::format("its record {} is not there any more", to_text(*plan_.until)));
  }
  return error(Errc::corrupt, fmt::format("record {} comes after record {}, which was read before",
                                          to_text(*left_out_), to_text(*resume_after_)));
}

// Records that were read before come again, but the last one of them has not come yet.
bool ShardWalk::is_astray() const { return resume_after_ && left_out_ && *left_out_ != *resume_after_; }

void ShardWalk::paused() { state_ = after_pause_; }

bool ShardWalk::goes_on_after(const Sequence& last) const {
  return plan_.until ? last < *plan_.until : time_of(last) < plan_.window_end;
}

pipeline::ShardPosition ShardWalk::position() const {
  pipeline::ShardPosition position;
  position.shard = plan_.start.shard;
  position.kind = ended_ ? Kind::ended : Kind::iterator;
  if (!ended_) position.iterator = iterator_;
  position.last = last_;
  if (!ended_) position.next = next_;
  position.polled = polled_;
  return position;
}

Result<void> ShardWalk::lose(Instant from, Instant to, std::string_view cause) {
  // What a committed window held cannot be had in part.
  if (plan_.on_gap == job::OnGap::fail || plan_.until) {
    return error(Errc::trimmed,
                 fmt::format("records after {} up to {} are lost: {}{}", to_text(from), to_text(to), cause,
                             plan_.until ? "" : "; set \"onGap\": \"continue\" to record the gap and go on"));
  }
  gaps_.push_back(pipeline::Gap{shard(), from, to, std::string(cause)});
  first_page_ = false;  // the retention was looked at
  return {};
}

Instant ShardWalk::known_until() const {
  if (polled_ != Instant{}) return polled_;
  return plan_.start.kind == Kind::at_time ? plan_.start.time : plan_.window_start;
}

Error ShardWalk::error(Errc code, std::string_view what) const {
  return Error(code, fmt::format("read shard {}: {}", shard(), what));
}

}  // namespace sluice::tablestore
