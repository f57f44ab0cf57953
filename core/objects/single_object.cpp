#include "core/objects/single_object.hpp"

#include "core/base/crc64.hpp"

#include <fmt/format.h>

namespace sluice::objects {
namespace {

// Part numbers only have to ascend: those below are for what precedes the streamer, those from kLastPartFirst
// on for what follows it. Each side holds at most limits.memory_bytes.
constexpr int kStreamedPartFirst = 1001;
constexpr int kLastPartFirst = 9001;

void combine(std::uint64_t& crc, std::uint64_t& bytes, std::uint64_t crc_behind, std::uint64_t bytes_behind) {
  crc = crc64_combine(crc, crc_behind, bytes_behind);
  bytes += bytes_behind;
}

}  // namespace

class SingleObject::Sink final : public pipeline::ShardSink {
 public:
  Sink(SingleObject& owner_, std::uint32_t index_) : owner(owner_), index(index_) {}

  awaitable<Result<void>> write(const pipeline::RowBatch& batch) override {
    const std::size_t before = waiting.size();
    const UploadContext& context = owner.context_;
    for (std::size_t first = 0; first < batch.rows();) {
      const format::Encoded encoded = context.encoder.append(batch, first, batch.rows() - first, waiting);
      rows += encoded.rows;
      first += encoded.rows;
      if (encoded.problem.empty()) break;
      const Result<void> dropped = context.dirty.add(
          {index, rows_seen + first + 1, encoded.column, encoded.problem, batch.row(first)});
      if (!dropped) co_return dropped.error();
      ++first;
    }
    rows_seen += batch.rows();
    context.memory.add(waiting.size() - before);
    co_return co_await owner.hold_or_send(*this);
  }

  SingleObject& owner;
  std::uint32_t index;
  std::uint64_t rows_seen = 0;  // before the batch at hand
  format::ByteBuffer waiting;
  std::uint64_t rows = 0;
};

SingleObject::SingleObject(UploadContext& context) : context_(context) {}
SingleObject::~SingleObject() = default;

pipeline::ShardSink& SingleObject::open(std::uint32_t index) {
  std::unique_ptr<Sink>& place = sinks_[index];
  if (!place) place = std::make_unique<Sink>(*this, index);
  return *place;
}

awaitable<Result<void>> SingleObject::hold_or_send(Sink& sink) {
  const std::size_t held_max = context_.limits.memory_bytes;
  if (streamer_ == nullptr && context_.memory.held() > held_max / 2) choose_streamer();
  if (streamer_ == &sink) co_return co_await stream();
  if (context_.memory.held() > held_max) co_return refusal();
  co_return Result<void>();
}

void SingleObject::choose_streamer() {
  for (const auto& [index, sink] : sinks_) {
    if (streamer_ == nullptr || sink->waiting.size() > streamer_->waiting.size()) streamer_ = sink.get();
  }
}

Error SingleObject::refusal() const {
  return Error(
      Errc::refused_by_state,
      fmt::format("write {}: the window has too many rows for one object of several shards (more than {} "
                  "bytes wait in memory); set `writeSingleObject` to false",
                  context_.names.object(0), context_.limits.memory_bytes));
}

// Sends the full parts of what waits.
awaitable<Result<void>> SingleObject::stream() {
  const std::size_t part_bytes = context_.limits.part_bytes;
  const std::size_t head_bytes = head_.empty() ? context_.limits.early_part_bytes_min : 0;
  if (streamer_->waiting.size() < head_bytes + part_bytes) co_return Result<void>();
  const format::ByteBuffer bytes = std::move(streamer_->waiting);
  std::string_view rest = bytes.view();
  head_.append(rest.substr(0, head_bytes));
  rest.remove_prefix(head_bytes);
  while (rest.size() >= part_bytes) {
    const int number = kStreamedPartFirst + static_cast<int>(streamed_.parts.size());
    if (number >= kLastPartFirst) {
      co_return Error(
          Errc::refused_by_state,
          fmt::format("write {}: one shard has more than {} parts of {} bytes in this window; set "
                      "`writeSingleObject` to false",
                      context_.names.object(0), streamed_.parts.size(), part_bytes));
    }
    const Result<void> sent = co_await send(rest.substr(0, part_bytes), number, streamed_);
    if (!sent) co_return sent;
    rest.remove_prefix(part_bytes);
  }
  streamer_->waiting.append(rest);
  co_return Result<void>();
}

awaitable<Result<void>> SingleObject::send(std::string_view bytes, int number, Sent& sent) {
  const std::string name = context_.names.object(0);
  if (upload_id_.empty()) {
    Result<std::string> upload_id = co_await context_.store.initiate_upload(name, context_.traits);
    if (!upload_id) co_return upload_id.error();
    upload_id_ = std::move(*upload_id);
  }
  const std::uint64_t crc = crc64(0, bytes);
  co_await context_.limiter.acquire(bytes.size());
  Result<Part> part = co_await context_.store.upload_part(name, upload_id_, number, bytes, crc);
  if (!part) co_return part.error();
  sent.parts.push_back(std::move(*part));
  combine(sent.crc64, sent.bytes, crc, bytes.size());
  context_.statistics.written_bytes += bytes.size();
  context_.memory.remove(bytes.size());
  co_return Result<void>();
}

awaitable<Result<void>> SingleObject::publish(std::vector<pipeline::ObjectInfo>& objects,
                                              std::vector<std::string>& touched) {
  format::ByteBuffer before;
  if (!context_.header.empty()) {
    context_.encoder.append_header(context_.header, before);
    context_.memory.add(before.size());
  }
  format::ByteBuffer after;
  pipeline::ObjectInfo object;
  object.name = context_.names.object(0);
  format::ByteBuffer* side = &before;
  for (const auto& [index, sink] : sinks_) {
    if (sink.get() == streamer_) {
      before.append(head_.view());
      side = &after;
    }
    const format::ByteBuffer waiting = std::move(sink->waiting);
    side->append(waiting.view());
    object.rows += sink->rows;
  }
  touched.push_back(object.name);
  Result<void> done;
  if (streamed_.parts.empty()) {
    before.append(after.view());
    done = co_await put_whole(before.view());
  } else {
    done = co_await complete(before.view(), after.view());
  }
  if (!done) co_return done;
  object.bytes = whole_.bytes;
  object.crc64 = whole_.crc64;
  objects.push_back(std::move(object));
  co_return Result<void>();
}

awaitable<Result<void>> SingleObject::put_whole(std::string_view body) {
  co_await context_.limiter.acquire(body.size());
  const std::string name = context_.names.object(0);
  Result<void> put = co_await context_.store.put_object(name, body, context_.traits);
  if (!put) co_return put;
  whole_.bytes = body.size();
  whole_.crc64 = crc64(0, body);
  context_.statistics.written_bytes += body.size();
  co_return Result<void>();
}

awaitable<Result<void>> SingleObject::complete(std::string_view before, std::string_view after) {
  const std::size_t part_bytes = context_.limits.part_bytes;
  int number = 1;
  while (!before.empty()) {  // the last one may be nearly two parts long, but never too short
    const std::size_t size = before.size() < 2 * part_bytes ? before.size() : part_bytes;
    const Result<void> sent = co_await send(before.substr(0, size), number++, whole_);
    if (!sent) co_return sent;
    before.remove_prefix(size);
  }
  whole_.parts.insert(whole_.parts.end(), streamed_.parts.begin(), streamed_.parts.end());
  combine(whole_.crc64, whole_.bytes, streamed_.crc64, streamed_.bytes);
  number = kLastPartFirst;
  while (!after.empty()) {
    const std::string_view body = after.substr(0, part_bytes);
    const Result<void> sent = co_await send(body, number++, whole_);
    if (!sent) co_return sent;
    after.remove_prefix(body.size());
  }
  co_return co_await context_.store.complete_upload(context_.names.object(0), upload_id_, whole_.parts,
                                                    whole_.bytes, whole_.crc64, context_.traits);
}

}  // namespace sluice::objects
