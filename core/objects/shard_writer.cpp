#include "core/objects/shard_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::objects {

awaitable<Result<void>> ShardWriter::write(const pipeline::RowBatch& rows) {
  if (context_.failure) co_return *context_.failure;
  Result<void> encoded = encode(rows);
  if (!encoded) co_return encoded;
  co_await context_.rows_rate.acquire(rows.rows());
  co_return co_await send_due();
}

// Rows of one partition text after the other.
Result<void> ShardWriter::encode(const pipeline::RowBatch& rows) {
  const auto text_of = [&](std::size_t row) { return context_.partitions.of(rows.row(row)); };
  for (std::size_t first = 0; first < rows.rows();) {
    std::size_t end = rows.rows();
    std::string text;
    if (context_.names.partitioned()) {
      text = text_of(first);
      for (end = first + 1; end < rows.rows() && text_of(end) == text;) ++end;
    }
    const Result<Series*> series = series_of(text);
    if (!series) return series.error();
    Result<void> encoded = encode_run(**series, rows, first, end);
    if (!encoded) return encoded;
    first = end;
  }
  rows_seen_ += rows.rows();
  return {};
}

Result<ShardWriter::Series*> ShardWriter::series_of(const std::string& partition) {
  const auto found = series_.find(partition);
  if (found != series_.end()) return &found->second;
  if (series_.size() >= context_.limits.partitions_max) {
    return Error(Errc::refused_by_state,
                 fmt::format("write {}: shard {} has more than {} values of `partition` in this window; take "
                             "columns with fewer values, or none",
                             context_.names.object(index_, 1, partition), index_, series_.size()));
  }
  Series& series = series_[partition];
  series.partition = partition;
  return &series;
}

ShardWriter::Draft& ShardWriter::open_draft(Series& series) {
  if (series.draft != nullptr) return *series.draft;
  const std::string name = context_.names.object(index_, ++series.objects, series.partition);
  drafts_.push_back(std::make_unique<Draft>(context_, name));
  series.draft = drafts_.back().get();
  if (context_.names.partitioned())
    context_.memory.add(context_.limits.draft_bytes);  // until the window ends
  context_.begin_object(series.draft->bytes.open());
  settle(*series.draft, 0);
  return *series.draft;
}

void ShardWriter::close(Series& series) {
  const std::size_t held = series.draft->bytes.held();
  series.draft->bytes.end();
  series.draft->closed = true;
  context_.memory.change(held, series.draft->bytes.held());
  series.draft = nullptr;
}

// Counts what was appended, after it was compressed as far as it can be.
void ShardWriter::settle(Draft& draft, std::size_t held_before) {
  draft.bytes.absorb();
  context_.memory.change(held_before, draft.bytes.held());
}

Result<void> ShardWriter::encode_run(Series& series, const pipeline::RowBatch& rows, std::size_t first,
                                     std::size_t end) {
  while (first < end) {
    Draft& draft = open_draft(series);
    const std::size_t held = draft.bytes.held();
    const std::size_t before = draft.bytes.open().size();
    const format::Encoded encoded = context_.encoder.append(rows, first, end - first, draft.bytes.open());
    if (draft.bytes.may_pass(context_.limits.object_bytes_max)) {
      draft.bytes.open().truncate(before);
      return encode_by_row(series, rows, first, end);
    }
    draft.rows += encoded.rows;
    settle(draft, held);
    first += encoded.rows;
    if (encoded.problem.empty()) break;
    Result<void> dropped = drop(rows, first++, encoded);
    if (!dropped) return dropped;
  }
  return {};
}

// Finds the row at which the object is full. It is the same one however the rows are cut into batches: of
// plain objects the first that no longer fits, of compressed ones the one behind the frame that left no room
// for another.
Result<void> ShardWriter::encode_by_row(Series& series, const pipeline::RowBatch& rows, std::size_t first,
                                        std::size_t end) {
  const std::uint64_t bytes_max = context_.limits.object_bytes_max;
  for (std::size_t row = first; row < end; ++row) {
    Draft* draft = &open_draft(series);
    std::size_t held = draft->bytes.held();
    const std::size_t before = draft->bytes.open().size();
    const format::Encoded encoded = context_.encoder.append(rows, row, 1, draft->bytes.open());
    if (!encoded.problem.empty()) {
      Result<void> dropped = drop(rows, row, encoded);
      if (!dropped) return dropped;
      continue;
    }
    if (!draft->bytes.compressed() && draft->bytes.size() > bytes_max && draft->rows > 0) {
      const std::string bytes(draft->bytes.open().view().substr(before));
      draft->bytes.open().truncate(before);
      close(series);
      draft = &open_draft(series);
      held = draft->bytes.held();
      draft->bytes.open().append(bytes);
    }
    ++draft->rows;
    const bool framed = draft->bytes.absorb();
    context_.memory.change(held, draft->bytes.held());
    if (framed && draft->bytes.is_full(bytes_max)) close(series);
  }
  return {};
}

Result<void> ShardWriter::drop(const pipeline::RowBatch& rows, std::size_t row,
                               const format::Encoded& encoded) {
  ++context_.dirty_rows;
  return context_.dirty.add({index_, rows_seen_ + row + 1, encoded.column, encoded.problem, rows.row(row)});
}

// Sends what is due and waits while too much is held.
awaitable<Result<void>> ShardWriter::send_due() {
  while (!context_.failure) {
    if (!start_due()) {
      if (!context_.memory.over()) break;
      context_.relieve();
      if (!context_.memory.sending()) {  // too little everywhere to make a part of
        const Result<void> held = check_held();
        if (!held) co_return held;
        break;
      }
    }
    co_await context_.memory.changed();
  }
  if (context_.failure) co_return *context_.failure;
  co_return Result<void>();
}

// Only many values of `partition` can do harm: without them each shard fills its part in the end, and may
// with one value, too.
Result<void> ShardWriter::check_held() const {
  const std::size_t part_bytes_min = context_.limits.early_part_bytes_min;
  const std::size_t held_max = 2 * context_.memory.bytes_max() + context_.shards * part_bytes_min;
  if (!context_.names.partitioned() || context_.memory.held() <= held_max) return {};
  return Error(
      Errc::refused_by_state,
      fmt::format("write {}: the rows of this window have so many values of `partition` that {} bytes "
                  "wait in memory, of no object enough for a part ({} bytes at least); take columns "
                  "with fewer values, or none",
                  context_.names.prefix(), context_.memory.held(), part_bytes_min));
}

std::size_t ShardWriter::due_bytes(const Draft& draft) const {
  const std::size_t part_bytes = context_.limits.part_bytes;
  if (draft.bytes.ready() >= part_bytes) return part_bytes;
  return draft.closed ? draft.bytes.ready() : 0;
}

// Starts what is due; true if something is left that has to wait for its turn.
bool ShardWriter::start_due() {
  bool waits = false;
  for (const std::unique_ptr<Draft>& draft : drafts_) {
    while (const std::size_t size = due_bytes(*draft)) {
      if (!draft->upload.may_start()) {
        waits = true;
        break;
      }
      start(*draft, size);
    }
  }
  return waits;
}

std::size_t ShardWriter::early_bytes(const Draft& draft) const {
  const std::size_t size = draft.bytes.ready();
  if (draft.rows == 0 || draft.early_parts >= context_.limits.early_parts_max) return 0;
  if (size < context_.limits.early_part_bytes_min || size >= context_.limits.part_bytes) return 0;
  return draft.upload.may_start() ? size : 0;
}

std::size_t ShardWriter::early_bytes() const {
  std::size_t most = 0;
  for (const std::unique_ptr<Draft>& draft : drafts_) most = std::max(most, early_bytes(*draft));
  return most;
}

void ShardWriter::send_early() {
  const std::size_t size = early_bytes();
  const auto found = std::find_if(drafts_.begin(), drafts_.end(),
                                  [&](const auto& draft) { return early_bytes(*draft) == size; });
  ++(*found)->early_parts;
  start(**found, size);
}

void ShardWriter::start(Draft& draft, std::size_t size) {
  draft.upload.start(++draft.parts, draft.bytes.take(size));
}

awaitable<Result<void>> ShardWriter::finish() {
  for (auto& [text, series] : series_) {
    if (series.draft != nullptr) close(series);
  }
  std::erase_if(drafts_, [&](const std::unique_ptr<Draft>& draft) {
    if (draft->rows > 0) return false;
    context_.memory.remove(draft->bytes.held());
    return true;
  });
  for (const std::unique_ptr<Draft>& draft : drafts_) {
    const Result<void> sent = co_await send_rest(*draft);
    if (!sent) co_return sent;
  }
  co_return Result<void>();
}

awaitable<Result<void>> ShardWriter::send_rest(Draft& draft) {
  while (draft.upload.begun() && draft.bytes.ready() > 0) {
    if (context_.failure) co_return *context_.failure;
    if (draft.upload.may_start()) {
      start(draft, due_bytes(draft));
    } else {
      co_await context_.memory.changed();
    }
  }
  co_return Result<void>();
}

void ShardWriter::finish_empty() {
  Series series;
  open_draft(series);
  close(series);
}

awaitable<Result<pipeline::ObjectInfo>> ShardWriter::publish(std::size_t place) {
  Draft& draft = *drafts_[place];
  Result<pipeline::ObjectInfo> object = Error();
  if (draft.upload.begun()) {
    object = co_await draft.upload.complete();
  } else {
    const format::ByteBuffer body = draft.bytes.take(draft.bytes.ready());
    object = co_await put_whole(context_, draft.upload.name(), body.view(), context_.traits);
    context_.memory.remove(body.size());
    if (object) context_.statistics.written_bytes += body.size();
  }
  if (object) object->rows = draft.rows;
  co_return object;
}

}  // namespace sluice::objects
