#include "core/objects/shard_writer.hpp"

#include "core/base/crc64.hpp"

#include <cassert>

namespace sluice::objects {

// Ends a flight however its task ends.
class ShardWriter::Flight {
 public:
  Flight(ShardWriter& owner, std::size_t bytes) : owner_(owner), bytes_(bytes) {}
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;
  ~Flight() {
    owner_.flying_ = false;
    owner_.context_.memory.end_sending(bytes_);
  }

 private:
  ShardWriter& owner_;
  std::size_t bytes_;
};

awaitable<Result<void>> ShardWriter::write(const pipeline::RowBatch& rows) {
  if (failure_) co_return *failure_;
  Result<void> encoded = encode(rows);
  if (!encoded) co_return encoded;
  co_return co_await send_due();
}

void ShardWriter::begin_object() {
  Draft& draft = drafts_.emplace_back();
  draft.name = context_.names.object(index_, static_cast<std::uint32_t>(drafts_.size()));
  if (context_.header.empty()) return;
  context_.encoder.append_header(context_.header, draft.tail);
  count(draft, draft.tail.size(), 0);
}

Result<void> ShardWriter::encode(const pipeline::RowBatch& rows) {
  for (std::size_t first = 0; first < rows.rows();) {
    if (drafts_.empty()) begin_object();
    Draft& draft = drafts_.back();
    const std::size_t before = draft.tail.size();
    const format::Encoded encoded = context_.encoder.append(rows, first, rows.rows() - first, draft.tail);
    const std::size_t added = draft.tail.size() - before;
    if (draft.bytes + added > context_.limits.object_bytes_max) {
      draft.tail.truncate(before);
      Result<void> split = encode_by_row(rows, first);
      if (!split) return split;
      break;
    }
    count(draft, added, encoded.rows);
    first += encoded.rows;
    if (encoded.problem.empty()) break;
    Result<void> dropped = drop(rows, first++, encoded);
    if (!dropped) return dropped;
  }
  rows_seen_ += rows.rows();
  return {};
}

// Finds the row that no longer fits. It is the same one however the rows are cut into batches.
Result<void> ShardWriter::encode_by_row(const pipeline::RowBatch& rows, std::size_t first) {
  for (std::size_t row = first; row < rows.rows(); ++row) {
    Draft* draft = &drafts_.back();
    const std::size_t before = draft->tail.size();
    const format::Encoded encoded = context_.encoder.append(rows, row, 1, draft->tail);
    if (!encoded.problem.empty()) {
      Result<void> dropped = drop(rows, row, encoded);
      if (!dropped) return dropped;
      continue;
    }
    std::size_t added = draft->tail.size() - before;
    if (draft->bytes + added > context_.limits.object_bytes_max && draft->rows > 0) {
      const std::string bytes(draft->tail.view(before, added));
      draft->tail.truncate(before);
      draft->closed = true;
      begin_object();
      draft = &drafts_.back();
      draft->tail.append(bytes);
    }
    count(*draft, added, 1);
  }
  return {};
}

Result<void> ShardWriter::drop(const pipeline::RowBatch& rows, std::size_t row,
                               const format::Encoded& encoded) {
  return context_.dirty.add({index_, rows_seen_ + row + 1, encoded.column, encoded.problem, rows.row(row)});
}

void ShardWriter::count(Draft& draft, std::size_t bytes, std::size_t rows) {
  draft.bytes += bytes;
  draft.rows += rows;
  context_.memory.add(bytes);
}

// Sends what is due and waits while too much is held.
awaitable<Result<void>> ShardWriter::send_due() {
  while (!failure_) {
    const bool due = start_due();
    if (!due) {
      if (!context_.memory.over()) break;
      context_.relieve();
      if (!context_.memory.sending()) break;  // too little everywhere to make a part of
    } else if (!flying_) {
      continue;
    }
    co_await context_.memory.changed();
  }
  if (failure_) co_return *failure_;
  co_return Result<void>();
}

// Starts what is due unless something is on its way; false if nothing is due.
bool ShardWriter::start_due() {
  for (Draft& draft : drafts_) {
    const std::size_t part_bytes = context_.limits.part_bytes;
    const std::size_t size = draft.closed ? draft.tail.size() : draft.tail.size() / part_bytes * part_bytes;
    if (size == 0) continue;
    if (flying_) return true;
    start(draft, size);
  }
  return false;
}

std::size_t ShardWriter::early_bytes() const {
  if (flying_ || drafts_.empty() || drafts_.back().early_parts >= context_.limits.early_parts_max) return 0;
  const std::size_t size = drafts_.back().tail.size();
  // Never a full part and a rest: the rest may be too small for a part.
  if (size >= context_.limits.part_bytes)
    return size / context_.limits.part_bytes * context_.limits.part_bytes;
  return size >= context_.limits.early_part_bytes_min ? size : 0;
}

void ShardWriter::send_early() {
  const std::size_t size = early_bytes();
  Draft& draft = drafts_.back();
  if (size < context_.limits.part_bytes) ++draft.early_parts;
  start(draft, size);
}

void ShardWriter::start(Draft& draft, std::size_t size) {
  assert(!flying_);
  format::ByteBuffer bytes = std::move(draft.tail);
  draft.tail.append(bytes.view(size, bytes.size() - size));
  bytes.truncate(size);
  flying_ = true;
  context_.memory.begin_sending(size);
  if (context_.tasks.start(fly(draft, std::move(bytes)))) return;
  flying_ = false;
  context_.memory.end_sending(size);
  failure_ = Error(Errc::cancelled, "upload " + draft.name + ": the attempt was stopped");
}

awaitable<void> ShardWriter::fly(Draft& draft, format::ByteBuffer bytes) {
  const Flight flight(*this, bytes.size());
  const Result<void> sent = co_await send_parts(draft, bytes.view());
  if (!sent) failure_ = sent.error();
}

awaitable<Result<void>> ShardWriter::send_parts(Draft& draft, std::string_view bytes) {
  if (draft.upload_id.empty()) {
    Result<std::string> upload_id = co_await context_.store.initiate_upload(draft.name, context_.traits);
    if (!upload_id) co_return upload_id.error();
    draft.upload_id = std::move(*upload_id);
  }
  while (!bytes.empty()) {
    const std::string_view body = bytes.substr(0, context_.limits.part_bytes);
    bytes.remove_prefix(body.size());
    const std::uint64_t crc = crc64(0, body);
    const int number = static_cast<int>(draft.parts.size()) + 1;
    co_await context_.limiter.acquire(body.size());
    Result<Part> part = co_await context_.store.upload_part(draft.name, draft.upload_id, number, body, crc);
    if (!part) co_return part.error();
    draft.parts.push_back(std::move(*part));
    draft.crc64 = crc64_combine(draft.crc64, crc, body.size());
    draft.sent_bytes += body.size();
    context_.statistics.written_bytes += body.size();
  }
  co_return Result<void>();
}

awaitable<Result<void>> ShardWriter::finish() {
  while (flying_) co_await context_.memory.changed();
  if (failure_) co_return *failure_;
  for (Draft& draft : drafts_) {
    if (draft.upload_id.empty() || draft.tail.empty()) continue;
    const format::ByteBuffer tail = std::move(draft.tail);
    const Result<void> sent = co_await send_parts(draft, tail.view());
    context_.memory.remove(tail.size());
    if (!sent) co_return sent.error();
  }
  co_return Result<void>();
}

awaitable<Result<void>> ShardWriter::publish(std::vector<pipeline::ObjectInfo>& objects,
                                             std::vector<std::string>& touched) {
  for (Draft& draft : drafts_) {
    touched.push_back(draft.name);
    Result<void> done;
    if (draft.upload_id.empty()) {
      done = co_await put_whole(draft);
    } else {
      done = co_await context_.store.complete_upload(draft.name, draft.upload_id, draft.parts, draft.bytes,
                                                     draft.crc64, context_.traits);
    }
    if (!done) co_return done;
    assert(draft.sent_bytes == draft.bytes);
    pipeline::ObjectInfo& object = objects.emplace_back();
    object.name = draft.name;
    object.bytes = draft.bytes;
    object.rows = draft.rows;
    object.crc64 = draft.crc64;
  }
  co_return Result<void>();
}

awaitable<Result<void>> ShardWriter::put_whole(Draft& draft) {
  const format::ByteBuffer body = std::move(draft.tail);
  co_await context_.limiter.acquire(body.size());
  Result<void> put = co_await context_.store.put_object(draft.name, body.view(), context_.traits);
  context_.memory.remove(body.size());
  if (!put) co_return put;
  draft.crc64 = crc64(0, body.view());
  draft.sent_bytes = body.size();
  context_.statistics.written_bytes += body.size();
  co_return Result<void>();
}

}  // namespace sluice::objects
