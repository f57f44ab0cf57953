#include "core/tablestore/stream_place.hpp"

#include "core/tablestore/plain_buffer.hpp"
#include "core/tablestore/stream_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace sluice::tablestore {
namespace {

using pipeline::Sequence;

// A position lies in the page of its iterator; more answers are needed only where the server cuts them short.
constexpr int kAnswersMax = 64;

Result<std::vector<Sequence>> places_of(const StreamPage& page) {
  std::vector<Sequence> places;
  places.reserve(page.records.size());
  DecodedRecord record;
  for (const StreamRecord& entry : page.records) {
    if (const auto decoded = decode_record(entry.record, record); decoded.has_error()) return decoded.error();
    if (!places.empty() && record.sequence <= places.back()) {
      return Error(Errc::corrupt, fmt::format("record {} follows record {}", to_text(record.sequence),
                                              to_text(places.back())));
    }
    places.push_back(record.sequence);
  }
  return places;
}

// Judges the answers on the way to the record `last`.
class SearchBehind {
 public:
  explicit SearchBehind(const pipeline::ShardPosition& position)
      : iterator_(position.iterator), last_(*position.last), next_(position.next) {}

  // What to ask for next.
  const std::string& iterator() const noexcept { return iterator_; }
  std::optional<std::int32_t> limit() const noexcept { return limit_; }

  // The iterator behind `last`, once an answer shows it.
  Result<std::optional<std::string>> judge(const StreamPage& page) {
    using Found = std::optional<std::string>;
    const auto places = places_of(page);
    if (places.has_error()) return places.error();
    const auto known = static_cast<std::size_t>(std::ranges::upper_bound(*places, last_) - places->begin());
    const bool shows_next = known < places->size();
    if (shows_next && next_ && places->at(known) != *next_) return not_met(*next_);
    const bool is_whole = shows_next || !page.may_more.value_or(false);
    if (known == 0 && is_whole) {
      if (on_the_way_) return not_met(last_);
      if (!shows_next && next_) return not_met(*next_);
      return Found(iterator_);  // the page begins behind `last`
    }
    if (shows_next) {
      if (places->at(known - 1) != last_) return not_met(last_);
      limit_ = static_cast<std::int32_t>(known);  // the same again, cut off behind `last`
      return Found();
    }
    if (!page.next_iterator || page.next_iterator->empty()) return not_met(last_);
    if (known > 0 && places->back() == last_) return Found(page.next_iterator);
    iterator_ = *page.next_iterator;
    if (known > 0) {
      on_the_way_ = true;
      limit_.reset();
    }
    return Found();
  }

  static Error not_met(const Sequence& record) {
    return Error(Errc::corrupt, fmt::format("record {}, seen before, is not met again", to_text(record)));
  }

 private:
  std::string iterator_;
  Sequence last_;
  std::optional<Sequence> next_;
  std::optional<std::int32_t> limit_;
  bool on_the_way_ = false;  // records before `last` were seen
};

}  // namespace

awaitable<Result<std::string>> iterator_behind(StreamApi& api, const pipeline::ShardPosition& position) {
  SearchBehind search(position);
  for (int answers = 0; answers < kAnswersMax; ++answers) {
    const auto page = co_await api.stream_records(search.iterator(), search.limit());
    if (page.has_error()) co_return page.error();
    auto found = search.judge(*page);
    if (found.has_error()) co_return found.error();
    if (*found) co_return **std::move(found);
  }
  co_return SearchBehind::not_met(*position.last);
}

awaitable<Result<Sequence>> nth_record(StreamApi& api, const std::string& iterator, std::int64_t count) {
  std::string from = iterator;
  std::int64_t left = count;
  for (int answers = 0; answers < kAnswersMax; ++answers) {
    const auto page = co_await api.stream_records(from, static_cast<std::int32_t>(left));
    if (page.has_error()) co_return page.error();
    const auto places = places_of(*page);
    if (places.has_error()) co_return places.error();
    left -= static_cast<std::int64_t>(places->size());
    if (left == 0) co_return places->back();
    const bool goes_on = !places->empty() || page->may_more.value_or(false);
    if (left < 0 || !goes_on || !page->next_iterator || page->next_iterator->empty()) break;
    from = *page->next_iterator;
  }
  co_return Error(Errc::corrupt,
                  fmt::format("there are {} records where {} were read before", count - left, count));
}

}  // namespace sluice::tablestore
