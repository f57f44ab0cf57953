#pragma once
// Keys and rows of a table as the wire has them (PlainBuffer, docs/formats.md). Free of coroutines and
// sockets, so that it can be fuzzed alone.

#include "core/base/error.hpp"
#include "core/tablestore/plain_buffer.hpp"
#include "core/tablestore/table_row.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tablestore {

// A key to be looked up, or a bound of a range.
std::string encode_key(const Key& key);

// A row to be put; `cells` may be empty.
std::string encode_row(const Key& key, const std::vector<AttributeCell>& cells);

// The key of a row to be deleted, with the mark that deletes.
std::string encode_deletion(const Key& key);

// The reverse of encode_key(). Errors as those of decode_bare_key().
Result<Key> decode_key(std::string_view bytes);

// Walks over the rows of a page, which must outlive it and the cells it hands out.
class RowReader {
 public:
  explicit RowReader(std::string_view rows) : rows_(rows) {}

  // Decodes the next row into `record`. False: there is none. Errors as those of decode_row(), after which
  // the reader is of no more use.
  Result<bool> next(DecodedRecord& record);

 private:
  std::string_view rows_;
  std::size_t at_ = 0;
};

// Decodes a serialized GetRangeResponse; its rows are not looked at. Unknown fields are skipped. Errors:
// corrupt, "decode page of 17 bytes: ... at byte 3". `server_time` is left alone.
Result<RowPage> decode_row_page(std::string body);

}  // namespace sluice::tablestore
