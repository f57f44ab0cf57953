#include "core/tablestore/table_row.hpp"

#include <algorithm>

namespace sluice::tablestore {
namespace {

int rank(KeyCell::Kind kind) {
  if (kind == KeyCell::Kind::least) return 0;
  return kind == KeyCell::Kind::greatest ? 2 : 1;
}

std::strong_ordering order_cells(const KeyCell& a, const KeyCell& b) {
  if (const auto by_rank = rank(a.kind) <=> rank(b.kind); by_rank != 0) return by_rank;
  if (rank(a.kind) != 1) return std::strong_ordering::equal;
  if (const auto by_kind = a.kind <=> b.kind; by_kind != 0) return by_kind;
  return a.kind == KeyCell::Kind::integer ? a.integer <=> b.integer : a.text <=> b.text;
}

}  // namespace

std::strong_ordering order(const Key& a, const Key& b) {
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end(), order_cells);
}

}  // namespace sluice::tablestore
