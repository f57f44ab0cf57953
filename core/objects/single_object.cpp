#include "core/objects/single_object.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::objects {

class SingleObject::Sink final : public pipeline::ShardSink {
 public:
  Sink(SingleObject& owner_, std::uint32_t index_)
      : owner(owner_), index(index_), bytes(owner_.context_.compressor) {}

  awaitable<Result<void>> write(const pipeline::RowBatch& batch) override {
    UploadContext& context = owner.context_;
    if (context.failure) co_return *context.failure;
    Result<void> encoded = encode(batch);
    if (!encoded) co_return encoded;
    co_await context.rows_rate.acquire(batch.rows());
    co_return co_await owner.hold_or_send(*this);
  }

  Result<void> encode(const pipeline::RowBatch& batch) {
    UploadContext& context = owner.context_;
    const std::size_t held = bytes.held();
    for (std::size_t first = 0; first < batch.rows();) {
      const format::Encoded encoded =
          context.encoder.append(batch, first, batch.rows() - first, bytes.open());
      rows += encoded.rows;
      first += encoded.rows;
      if (encoded.problem.empty()) break;
      ++context.dirty_rows;
      Result<void> dropped = context.dirty.add(
          {index, rows_seen + first + 1, encoded.column, encoded.problem, batch.row(first)});
      if (!dropped) return dropped;
      ++first;
    }
    rows_seen += batch.rows();
    bytes.absorb();
    context.memory.change(held, bytes.held());
    return {};
  }

  SingleObject& owner;
  std::uint32_t index;
  ObjectBytes bytes;
  format::ByteBuffer head;  // kept back when the first part went
  std::uint64_t rows = 0;
  std::uint64_t rows_seen = 0;  // before the batch at hand
};

SingleObject::SingleObject(UploadContext& context)
    : context_(context), upload_(context, context.names.object(0)) {}
SingleObject::~SingleObject() = default;

pipeline::ShardSink& SingleObject::open(std::uint32_t index) {
  std::unique_ptr<Sink>& place = sinks_[index];
  if (!place) place = std::make_unique<Sink>(*this, index);
  return *place;
}

// A shard that sends goes on as its parts fill; others begin when memory is short.
awaitable<Result<void>> SingleObject::hold_or_send(Sink& sink) {
  const std::size_t half = context_.memory.bytes_max() / 2;
  while (!context_.failure) {
    const auto is_due = [&] {
      return numbers_.may_take(sink.index) && sendable_bytes(sink) >= wanted_bytes(sink);
    };
    while (is_due() && upload_.may_start()) start_part(sink, wanted_bytes(sink));
    if (!is_due()) {
      if (context_.memory.over_after_sending(half)) relieve(half);
      if (!context_.memory.over()) break;
      if (!context_.memory.sending()) {  // too little everywhere to make a part of
        if (out_of_numbers_) co_return refusal();
        break;
      }
    }
    co_await context_.memory.changed();
  }
  if (context_.failure) co_return *context_.failure;
  co_return Result<void>();
}

// Longer parts the more of the run is used: it has to last for as long as the shard does.
std::size_t SingleObject::wanted_bytes(const Sink& sink) const {
  const std::size_t part_bytes = context_.limits.part_bytes;
  const std::size_t longest = std::max(part_bytes, context_.memory.bytes_max() / 4);
  return numbers_.has(sink.index) ? std::min(part_bytes << numbers_.quarter(sink.index), longest)
                                  : part_bytes;
}

std::size_t SingleObject::sendable_bytes(const Sink& sink) const {
  const std::size_t kept = numbers_.has(sink.index) ? 0 : context_.limits.early_part_bytes_min;
  return sink.bytes.ready() > kept ? sink.bytes.ready() - kept : 0;
}

bool SingleObject::start_part(Sink& sink, std::size_t size) {
  if (!numbers_.has(sink.index) && !begin_run(sink)) return false;
  const std::optional<int> number = numbers_.take(sink.index);
  if (!number) return false;
  upload_.start(*number, sink.bytes.take(size));
  return true;
}

bool SingleObject::begin_run(Sink& sink) {
  std::size_t before = 0;
  std::size_t behind = 0;
  for (const auto& [index, other] : sinks_) {
    if (numbers_.has(index)) {
      if (index > sink.index) break;
      before = 0;
    } else if (index != sink.index) {
      ++(index < sink.index ? before : behind);
    }
  }
  if (!numbers_.begin(sink.index, before, behind)) return false;
  sink.head = sink.bytes.take(context_.limits.early_part_bytes_min);
  return true;
}

// Largest first, until what is on its way makes room enough.
void SingleObject::relieve(std::size_t bytes_left) {
  std::map<std::uint32_t, bool> refused;
  while (context_.memory.over_after_sending(bytes_left) && upload_.may_start()) {
    Sink* largest = nullptr;
    for (const auto& [index, sink] : sinks_) {
      const std::size_t size = sendable_bytes(*sink);
      if (size < context_.limits.early_part_bytes_min || refused.contains(index)) continue;
      if (largest == nullptr || size > sendable_bytes(*largest)) largest = sink.get();
    }
    if (largest == nullptr) return;
    if (start_part(*largest, std::min(sendable_bytes(*largest), wanted_bytes(*largest)))) continue;
    refused[largest->index] = true;
    out_of_numbers_ = true;
  }
}

Error SingleObject::refusal() const {
  return Error(
      Errc::refused_by_state,
      fmt::format("write {}: the window has too many large shards for the 10,000 part numbers of one "
                  "object, {} bytes wait in memory; set `writeSingleObject` to false, or "
                  "`blockSizeInMB` higher",
                  upload_.name(), context_.memory.held()));
}

format::ByteBuffer SingleObject::header() const {
  ObjectBytes bytes(context_.compressor);
  context_.begin_object(bytes.open());
  if (!bytes.open().empty()) bytes.end();
  context_.memory.add(bytes.ready());
  return bytes.take(bytes.ready());
}

awaitable<Result<std::optional<pipeline::ObjectInfo>>> SingleObject::publish() {
  std::uint64_t rows = 0;
  for (const auto& [index, sink] : sinks_) rows += sink->rows;
  if (rows == 0 && !context_.target.empty_object) co_return std::optional<pipeline::ObjectInfo>();
  Result<format::ByteBuffer> rest = co_await join();
  if (!rest) co_return rest.error();
  Result<pipeline::ObjectInfo> object = Error();
  if (upload_.begun()) {
    const Result<void> sent = co_await send_joined(std::move(*rest), numbers_.free_behind());
    if (!sent) co_return sent.error();
    const Result<void> settled = co_await upload_.settle();
    if (!settled) co_return settled.error();
    object = co_await upload_.complete();
  } else {
    if (rest->empty() && context_.compressor != nullptr) context_.compressor->append_frame({}, *rest);
    object = co_await put_whole(context_, upload_.name(), rest->view(), context_.traits);
    if (object) context_.statistics.written_bytes += rest->size();
  }
  if (!object) co_return object.error();
  object->rows = rows;
  co_return std::optional<pipeline::ObjectInfo>(std::move(*object));
}

// Sends what was kept back in front of each run; what stands behind the last one is left.
awaitable<Result<format::ByteBuffer>> SingleObject::join() {
  format::ByteBuffer joined = header();
  for (const auto& [index, sink] : sinks_) {
    if (numbers_.has(index)) {
      joined.append(sink->head.view());
      sink->head = format::ByteBuffer();
      const Result<void> sent = co_await send_joined(std::move(joined), numbers_.free_before(index));
      if (!sent) co_return sent.error();
      joined = format::ByteBuffer();
    }
    const std::size_t held = sink->bytes.held();
    if (sink->rows > 0) sink->bytes.end();
    context_.memory.change(held, sink->bytes.held());
    const format::ByteBuffer rest = sink->bytes.take(sink->bytes.ready());
    joined.append(rest.view());
  }
  co_return std::move(joined);
}

awaitable<Result<void>> SingleObject::send_joined(format::ByteBuffer joined, PartNumbers::Free numbers) {
  const auto count = static_cast<std::size_t>(numbers.count);
  const std::size_t piece_bytes = std::max(context_.limits.part_bytes, (joined.size() + count - 1) / count);
  std::string_view rest = joined.view();
  int number = numbers.first;
  while (!rest.empty()) {
    if (context_.failure) co_return *context_.failure;
    if (!upload_.may_start()) {
      co_await context_.memory.changed();
      continue;
    }
    // The last one may be nearly two pieces long, but never too short.
    const std::size_t size = rest.size() < 2 * piece_bytes ? rest.size() : piece_bytes;
    format::ByteBuffer piece;
    piece.append(rest.substr(0, size));
    upload_.start(number++, std::move(piece));
    rest.remove_prefix(size);
  }
  co_return Result<void>();
}

}  // namespace sluice::objects
