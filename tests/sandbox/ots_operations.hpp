#pragma once
// The operations of Table Store: each takes the request body and returns the response body, or throws
// Refusal.

#include "tests/sandbox/catalog.hpp"
#include "tests/sandbox/faults.hpp"
#include "tests/sandbox/refusal.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sluice::sandbox {

/// What a time series table answers to operations that are not for it.
Refusal not_for_time_series(const std::string& table, std::string_view operation);

struct OtsCall {
  Catalog& catalog;
  const std::string& instance;
  const std::string& body;
  std::string_view operation;
  const Fault* fault = nullptr;  // for the operation to carry out, if it is one of its page

  /// A table with rows: a time series table is refused.
  Table& table(const std::string& name) const {
    Table& found = catalog.at(instance, name);
    if (found.kind() == TableKind::time_series) throw not_for_time_series(name, operation);
    return found;
  }

  template <class PbRequest>
  PbRequest parse() const {
    PbRequest request;
    if (!request.ParseFromString(body)) throw invalid("Cannot deserialize the request data.");
    return request;
  }
};

using OtsOperation = std::string (*)(const OtsCall&);

/// By the name in the request path.
const std::map<std::string, OtsOperation, std::less<>>& ots_operations();

/// Both units set, as some SDKs need.
void set_consumed(pb::ConsumedCapacity& consumed, std::int32_t read, std::int32_t write);
/// The first columns of a key, as many as `key` has, as PlainBuffer.
std::string encoded_key(const Table& table, const Key& key);

std::string list_table(const OtsCall& call);
std::string create_table(const OtsCall& call);
std::string describe_table(const OtsCall& call);
std::string update_table(const OtsCall& call);
std::string delete_table(const OtsCall& call);
std::string compute_split_points(const OtsCall& call);

std::string put_row(const OtsCall& call);
std::string update_row(const OtsCall& call);
std::string delete_row(const OtsCall& call);
std::string batch_write_row(const OtsCall& call);

std::string get_row(const OtsCall& call);
std::string batch_get_row(const OtsCall& call);
std::string get_range(const OtsCall& call);

std::string list_stream(const OtsCall& call);
std::string describe_stream(const OtsCall& call);
std::string get_shard_iterator(const OtsCall& call);
std::string get_stream_record(const OtsCall& call);

}  // namespace sluice::sandbox
