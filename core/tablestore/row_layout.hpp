#pragma once
// What the rows of one reader are made of.

#include "core/job/job.hpp"
#include "core/tablestore/stream_api.hpp"

#include <vector>

namespace sluice::tablestore {

struct RowLayout {
  job::ReadMode mode = job::ReadMode::row;
  std::vector<job::Column> columns;    // row mode: in output order, repeats allowed
  std::vector<KeyColumn> primary_key;  // of the table, in key order; empty for time series tables
  bool is_time_series = false;         // row mode only
  bool export_sequence = false;
  bool export_op_type = false;  // row mode only
  bool distinct_put = false;    // column mode only
  job::Deletes deletes = job::Deletes::count;
  job::BinaryText binary = job::BinaryText::utf8;
  job::NonFinite non_finite = job::NonFinite::fail;
};

// Without the primary key, which the table tells.
RowLayout layout_of(const job::TableStoreSource& source);

}  // namespace sluice::tablestore
