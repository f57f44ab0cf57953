#pragma once
// Time series tables: made and written by /_sandbox/ only, as their own operations are not there. On the
// stream they look as those of the service: a hidden first key column, and attributes named "field:type".

#include "tests/sandbox/catalog.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>

namespace sluice::sandbox {

/// Retention of their streams unless another is given.
inline constexpr std::int32_t kTimeSeriesHours = 168;

void set_time_series_key(pb::TableMeta& meta);

/// Puts each of {"instance", "table", "points": [{"measurement", "source", "tags", "time_us", "fields"}]}.
/// Throws std::invalid_argument that names what is wrong; then nothing is written.
boost::json::object write_points(Catalog& catalog, const boost::json::object& request);

}  // namespace sluice::sandbox
