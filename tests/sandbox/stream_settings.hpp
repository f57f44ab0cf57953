#pragma once
// How the streams of all tables behave where the service may do one thing or the other; set by
// /_sandbox/streams, kept in memory only.

#include <boost/json/fwd.hpp>

#include <cstdint>

namespace sluice::sandbox {

struct StreamSettings {
  std::uint64_t enabling_requests =
      0;                          // a stream switched on is ENABLING to so many requests that name it ...
  std::int64_t enabling_ms = 0;   // ... and for so long
  std::int64_t search_steps = 0;  // answers a search by time takes; 0: every fourth takes two
  bool moving_iterators = false;  // an empty page goes on with a new text
  bool may_more_record = false;   // pages of tables outside groups carry the flag too
  bool empty_end = false;         // a closed shard ends with an empty page, not with its last record

  /// Changes what `request` names; throws std::invalid_argument for an unknown key.
  void change(const boost::json::object& request);
  boost::json::object list() const;
};

}  // namespace sluice::sandbox
