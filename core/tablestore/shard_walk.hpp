#pragma once
// Decides how one shard is read inside one window: where to begin, which records count, when to ask again,
// when the window is closed, what to do when data was trimmed. Pure: requests and sleeping are the caller's.

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/job/job.hpp"
#include "core/pipeline/position.hpp"
#include "core/pipeline/window.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::tablestore {

struct WalkPlan {
  pipeline::ShardPosition start;  // not of kind ended
  // Set to repeat a committed window: the last record to read. Then the window's end plays no part.
  std::optional<pipeline::Sequence> until;
  Instant window_start{};
  Instant window_end{};
  bool seek_by_time = true;  // false: a first window reads from the oldest record on
  Duration settle{};
  job::OnGap on_gap = job::OnGap::fail;
  std::chrono::hours retention{0};  // of the stream; 0: unknown
  Instant enabled{};                // when the stream was switched on
  bool is_listed = false;           // the stream's listing has the shard: it cannot be gone
  Instant now{};                    // by our clock; bounds what a shard that is gone can have held
};

// What the caller is to do next.
struct WalkStep {
  enum class Kind : std::uint8_t {
    seek,   // get an iterator at `time` (nothing: the oldest record), then found() or failed()
    read,   // get a page from iterator(); then begin_page(), judge() each record, end_page(); or failed()
    probe,  // get one record from iterator(), then probed() or failed()
    pause,  // sleep for `pause`, then paused()
    done,   // position() is final
  };
  Kind kind = Kind::done;
  std::optional<Instant> time;
  Duration pause{};
};

struct WalkCounts {
  std::uint64_t records = 0;  // those with Verdict::take
  std::uint64_t late = 0;     // older than the window's start
  std::uint64_t ahead = 0;    // further ahead of the server's clock than any record can be
  Instant first_record = Instant::max();
  Instant last_record = Instant::min();
};

// A record has been written when it is read, so a time this far ahead of the server's clock is wrong. It
// closes no window: it would close all of its shard's until then. The limit is the one the service has for
// clocks.
inline constexpr Duration kAheadMax = std::chrono::minutes(15);

class ShardWalk {
 public:
  enum class Verdict : std::uint8_t {
    take,   // belongs to the window
    leave,  // belongs to the past: read before, or before the first window's start
    stop,   // belongs to the future; the rest of the page does as well
  };

  explicit ShardWalk(WalkPlan plan);

  WalkStep next() const;
  const std::string& iterator() const noexcept { return iterator_; }
  const std::string& shard() const noexcept { return plan_.start.shard; }

  // An iterator as an answer to seek. An empty one means that the search found nothing: the oldest is asked
  // next.
  Result<void> found(std::string iterator);

  // seek, read or probe ended with `error`. Trimmed data is looked into; whatever else, and data that is
  // really lost with OnGap::fail, comes back as the error the walk ends with.
  Result<void> failed(const Error& error);

  // The oldest record kept, or nothing if the shard keeps none. An empty page that goes on at `next_iterator`
  // says neither; it is probed there a few times, after a pause where the iterator did not move, and for as
  // long as `may_more` promises records and the iterator moves.
  Result<void> probed(Instant server_time, const std::optional<pipeline::Sequence>& oldest,
                      const std::optional<std::string>& next_iterator = std::nullopt, bool may_more = false);

  // A page has come; `first` is its first record's place. Errors: trimmed, corrupt.
  Result<void> begin_page(Instant server_time, const std::optional<pipeline::Sequence>& first);

  // The place of this record in the window. Errors: corrupt (order broken), trimmed (repeated window
  // incomplete).
  Result<Verdict> judge(const pipeline::Sequence& sequence);

  // All records of the page were judged, or one of them with stop. `may_more` as the server told it, if it
  // did. An empty page with more behind it is followed without a bound while the iterator moves; error where
  // it stands still: unavailable.
  Result<void> end_page(const std::optional<std::string>& next_iterator, std::optional<bool> may_more);

  void paused();

  // False if a page that ends with `last` is sure to close the window, so that asking for the next one is
  // idle.
  bool goes_on_after(const pipeline::Sequence& last) const;

  bool ended() const noexcept { return ended_; }
  pipeline::ShardPosition position() const;
  const WalkCounts& counts() const noexcept { return counts_; }
  const std::vector<pipeline::Gap>& gaps() const noexcept { return gaps_; }

 private:
  enum class State : std::uint8_t { seek, read, pause, probe_seek, probe, done };

  Result<void> check_retention(const std::optional<pipeline::Sequence>& first);
  Result<void> check_order(const pipeline::Sequence& sequence);
  Result<bool> passed_before(const pipeline::Sequence& sequence);
  bool is_all_kept(Instant server_time, const std::optional<pipeline::Sequence>& oldest) const;
  Result<void> lose(Instant from, Instant to, std::string_view cause);
  Result<void> gone(const Error& error);
  Result<void> end_empty_page(std::optional<bool> may_more, bool moved);
  Result<void> await_promised();
  void pause(State then);
  bool is_astray() const;
  Error missing() const;
  Instant known_until() const;
  Error error(Errc code, std::string_view what) const;

  WalkPlan plan_;
  State state_ = State::seek;
  std::optional<Instant> seek_time_;
  std::string iterator_;
  std::optional<pipeline::Sequence> last_;  // newest record judged so far; from the start's position at first
  std::optional<pipeline::Sequence> next_;  // the record that comes after it, where it was seen
  Instant polled_{};                        // everything before it was read
  Instant server_time_{};                   // of the present page
  std::string trim_cause_;

  // While leaving out what was read before: the record that must be met before anything newer counts.
  std::optional<pipeline::Sequence> resume_after_;
  std::optional<pipeline::Sequence> left_out_;
  bool must_meet_last_ = false;  // a search by time has to lead to records up to last_: it is still kept
  bool rescan_ = false;          // it did not: the oldest record is asked for next
  bool before_start_ = false;    // first window: no record at or after its start was met yet
  bool first_page_ = true;
  bool stopped_ = false;
  bool ended_ = false;
  bool page_has_records_ = false;
  int trims_ = 0;
  int empty_probes_ = 0;
  int empty_pages_ = 0;  // in a row; none of them passed over records of other tables
  Duration pause_{};
  State after_pause_ = State::read;

  WalkCounts counts_;
  std::vector<pipeline::Gap> gaps_;
};

}  // namespace sluice::tablestore
