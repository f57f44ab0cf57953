#pragma once
// The objects of one shard: rows become bytes, bytes become parts, parts wait for the commit.

#include "core/objects/object_bytes.hpp"
#include "core/objects/object_upload.hpp"
#include "core/objects/upload_context.hpp"
#include "core/pipeline/writer.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::objects {

// Parts go while the next ones fill. An object that never fills a part is put whole at the commit. With
// `partition` the rows of each text fill objects of their own.
class ShardWriter final : public pipeline::ShardSink {
 public:
  ShardWriter(UploadContext& context, std::uint32_t index) : context_(context), index_(index) {}

  awaitable<Result<void>> write(const pipeline::RowBatch& rows) override;

  // Bytes that send_early() would send; 0 if it may not.
  std::size_t early_bytes() const;
  void send_early();

  // First half of the commit: sends the rest of all objects that are more than one part. Objects without rows
  // are no more.
  awaitable<Result<void>> finish();

  std::size_t objects() const noexcept { return drafts_.size(); }

  // In place of finish() where no shard has rows: one object, with the header only.
  void finish_empty();

  // Second half: makes one object visible.
  awaitable<Result<pipeline::ObjectInfo>> publish(std::size_t place);

 private:
  struct Draft {
    Draft(UploadContext& context, const std::string& name)
        : bytes(context.compressor), upload(context, name) {}

    ObjectBytes bytes;
    ObjectUpload upload;
    std::uint64_t rows = 0;
    int parts = 0;
    std::size_t early_parts = 0;
    bool closed = false;  // full: a further object takes over
  };
  // The objects that rows of one partition text fill, one after the other.
  struct Series {
    std::string partition;
    std::uint32_t objects = 0;
    Draft* draft = nullptr;  // the one that is filled; null: none
  };

  Result<void> encode(const pipeline::RowBatch& rows);
  Result<void> encode_run(Series& series, const pipeline::RowBatch& rows, std::size_t first, std::size_t end);
  Result<void> encode_by_row(Series& series, const pipeline::RowBatch& rows, std::size_t first,
                             std::size_t end);
  Result<void> drop(const pipeline::RowBatch& rows, std::size_t row, const format::Encoded& encoded);
  Result<Series*> series_of(const std::string& partition);
  Draft& open_draft(Series& series);
  void close(Series& series);
  void settle(Draft& draft, std::size_t held_before);
  std::size_t due_bytes(const Draft& draft) const;
  std::size_t early_bytes(const Draft& draft) const;
  bool start_due();
  void start(Draft& draft, std::size_t size);
  awaitable<Result<void>> send_due();
  Result<void> check_held() const;
  awaitable<Result<void>> send_rest(Draft& draft);

  UploadContext& context_;
  std::uint32_t index_;
  std::map<std::string, Series, std::less<>> series_;
  std::vector<std::unique_ptr<Draft>> drafts_;  // in the order in which they were begun
  std::uint64_t rows_seen_ = 0;                 // before the batch at hand
};

}  // namespace sluice::objects
