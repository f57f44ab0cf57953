#include "tests/sandbox/fault_subject.hpp"

#include "core/tablestore/ots.pb.h"
#include "tests/sandbox/refusal.hpp"
#include "tests/sandbox/stream_position.hpp"

namespace sluice::sandbox {
namespace {

namespace pb = ots::proto;

// A stream's id is its table's name with a number behind.
std::string table_of(const std::string& stream) { return stream.substr(0, stream.rfind('_')); }

FaultSubject of_position(const std::string& iterator) {
  try {
    const Position at = parse_position(iterator, "it");
    return {table_of(at.stream), at.shard};
  } catch (const Refusal&) {
    return {};
  }
}

}  // namespace

FaultSubject fault_subject(const Request& request, std::string_view operation) {
  if (operation == "GetStreamRecord") {
    pb::GetStreamRecordRequest message;
    message.ParsePartialFromString(request.body);
    return of_position(message.shard_iterator());
  }
  if (operation == "GetShardIterator") {
    pb::GetShardIteratorRequest message;
    message.ParsePartialFromString(request.body);
    return {table_of(message.stream_id()), message.shard_id()};
  }
  if (operation == "DescribeStream") {
    pb::DescribeStreamRequest message;
    message.ParsePartialFromString(request.body);
    return {table_of(message.stream_id()), ""};
  }
  if (operation == "CreateTable" || operation.starts_with("Batch")) return {};
  // All others have the table's name as field 1.
  pb::DescribeTableRequest message;
  message.ParsePartialFromString(request.body);
  return {message.table_name(), ""};
}

}  // namespace sluice::sandbox
