// Fuzz target of pages of a stream: what decodes lies inside the body, and is what protobuf's own parser
// finds.

#include "core/tablestore/ots.pb.h"
#include "core/tablestore/page_decoder.hpp"
#include "tests/fuzz/check.hpp"

namespace {

using namespace sluice;
using namespace sluice::tablestore;

void compare(const StreamPage& page) {
  ots::proto::GetStreamRecordResponse message;
  // It looks into the capacity, which ours leaves alone.
  if (!message.ParsePartialFromString(page.body) || !message.IsInitialized()) return;
  fuzz::check(page.records.size() == static_cast<std::size_t>(message.stream_records_size()));
  for (std::size_t i = 0; i < page.records.size(); ++i) {
    const auto& record = message.stream_records(static_cast<int>(i));
    fuzz::check(static_cast<int>(page.records[i].action) == static_cast<int>(record.action_type()));
    fuzz::check(page.records[i].record == record.record());
  }
  fuzz::check(page.next_iterator.has_value() == message.has_next_shard_iterator());
  if (page.next_iterator) fuzz::check(*page.next_iterator == message.next_shard_iterator());
  fuzz::check(page.may_more.has_value() == message.has_may_more_record());
  if (page.may_more) fuzz::check(*page.may_more == message.may_more_record());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto page = decode_page(std::string(fuzz::text_of(data, size)));
  if (!page) {
    fuzz::check(page.error().code() == Errc::corrupt);
    fuzz::check_message(page.error(), 200);
    return 0;
  }
  for (const StreamRecord& record : page->records) fuzz::check(fuzz::inside(page->body, record.record));
  compare(*page);
  return 0;
}
