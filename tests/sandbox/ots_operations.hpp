#pragma once
// The operations of Table Store: each takes the request body and returns the response body, or throws
// Refusal.

#include "tests/sandbox/catalog.hpp"
#include "tests/sandbox/refusal.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace sluice::sandbox {

struct OtsCall {
  Catalog& catalog;
  const std::string& instance;
  const std::string& body;

  Table& table(const std::string& name) const { return catalog.at(instance, name); }

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
