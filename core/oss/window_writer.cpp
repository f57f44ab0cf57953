#include "core/oss/window_writer.hpp"

#include "core/base/within.hpp"
#include "core/format/csv.hpp"
#include "core/format/text.hpp"
#include "core/http/headers.hpp"
#include "core/oss/single_object.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace sluice::oss {
namespace {

using pipeline::Level;
using pipeline::Log;
using pipeline::ObjectInfo;
using pipeline::Statistics;
using pipeline::Window;

// For all requests that take an attempt back.
constexpr Duration kAbortLimit = std::chrono::minutes(2);

std::unique_ptr<format::RowEncoder> make_encoder(const job::OssTarget& target) {
  if (target.file_format == job::FileFormat::csv) {
    return std::make_unique<format::CsvEncoder>(target.field_delimiter, target.null_format);
  }
  return std::make_unique<format::TextEncoder>(target.field_delimiter, target.null_format);
}

std::string content_type_of(const job::OssTarget& target) {
  return target.file_format == job::FileFormat::csv ? "text/csv" : "text/plain";
}

class OssWindowWriter final : public pipeline::WindowWriter {
 public:
  OssWindowWriter(const WriterPorts& ports, const job::OssTarget& target, const ClientOptions& options,
                  const Address& address, std::uint64_t bytes_per_second, const UploadLimits& limits,
                  ObjectNames names, Statistics& statistics, Log& log)
      : clock_(ports.clock),
        log_(log),
        mode_(target.write_mode),
        single_(target.write_single_object),
        bucket_(target.bucket),
        limits_(limits),
        names_(std::move(names)),
        encoder_(make_encoder(target)),
        client_(ports.transport, ports.clock, ports.random, options, address,
                [&statistics, &log](std::string_view line) {
                  ++statistics.retries;
                  log.line(Level::warning, line);
                }),
        limiter_(ports.clock, bytes_per_second, bytes_per_second),
        tasks_(ports.executor),
        memory_(ports.executor, limits.memory_bytes),
        context_(UploadContext{client_, limiter_, tasks_, memory_, *encoder_, names_, statistics, limits_,
                               target.header, content_type_of(target), [this] { send_early(); }}),
        single_object_(context_) {}

  awaitable<Result<void>> prepare() override;
  pipeline::ShardSink& open(std::uint32_t index) override {
    return single_ ? single_object_.open(index) : shard(index);
  }
  awaitable<Result<std::vector<ObjectInfo>>> commit() override;
  awaitable<void> abort() override;
  const UploadMemory& memory() const noexcept { return memory_; }

 private:
  ShardWriter& shard(std::uint32_t index);
  void send_early();
  awaitable<Result<void>> publish(std::vector<ObjectInfo>& objects);
  awaitable<Result<void>> find_existing();
  awaitable<Result<void>> abort_uploads();
  awaitable<Result<void>> delete_surplus(const std::vector<ObjectInfo>& objects);
  awaitable<Result<void>> take_back();

  Clock& clock_;
  Log& log_;
  job::WriteMode mode_;
  bool single_;
  std::string bucket_;
  UploadLimits limits_;
  ObjectNames names_;
  std::unique_ptr<format::RowEncoder> encoder_;
  Client client_;
  RateLimiter limiter_;
  TaskGroup tasks_;
  UploadMemory memory_;
  UploadContext context_;
  std::map<std::uint32_t, std::unique_ptr<ShardWriter>> shards_;  // unused with one single object
  SingleObject single_object_;
  std::set<std::string, std::less<>> existing_;  // objects of this window's names that prepare() found
  std::vector<std::string> touched_;             // names this attempt has, perhaps, written
  bool reached_ = false;  // the bucket answered prepare(): there may be something to undo
};

ShardWriter& OssWindowWriter::shard(std::uint32_t index) {
  std::unique_ptr<ShardWriter>& place = shards_[index];
  if (!place) place = std::make_unique<ShardWriter>(context_, index);
  return *place;
}

// Largest first, until what is on its way makes room enough.
void OssWindowWriter::send_early() {
  while (memory_.over_after_sending()) {
    ShardWriter* largest = nullptr;
    for (const auto& [index, shard] : shards_) {
      if (shard->early_bytes() > (largest == nullptr ? 0 : largest->early_bytes())) largest = shard.get();
    }
    if (largest == nullptr) return;
    largest->send_early();
  }
}

awaitable<Result<void>> OssWindowWriter::prepare() {
  const Result<void> found = co_await find_existing();
  if (!found) co_return found.error();
  reached_ = true;
  if (mode_ == job::WriteMode::non_conflict && !existing_.empty()) {
    co_return Error(Errc::conflict,
                    fmt::format("write {}: exists already in bucket {}; delete it or use another "
                                "`object` or `writeMode`",
                                *existing_.begin(), bucket_));
  }
  co_return co_await abort_uploads();
}

// Also the check that the bucket is there and may be used.
awaitable<Result<void>> OssWindowWriter::find_existing() {
  if (single_) {
    const std::string name = names_.object(0);
    const Result<bool> exists = co_await client_.object_exists(name);
    if (!exists) co_return exists.error();
    if (*exists) existing_.insert(name);
    co_return Result<void>();
  }
  const Result<std::vector<ListedObject>> objects = co_await client_.list_objects(names_.prefix());
  if (!objects) co_return objects.error();
  for (const ListedObject& object : *objects) {
    if (names_.contains(object.name)) existing_.insert(object.name);
  }
  co_return Result<void>();
}

// Every upload of this window's names: those of an attempt that crashed, and those nobody was told the id of.
awaitable<Result<void>> OssWindowWriter::abort_uploads() {
  const Result<std::vector<ListedUpload>> uploads = co_await client_.list_uploads(names_.prefix());
  if (!uploads) co_return uploads.error();
  for (const ListedUpload& upload : *uploads) {
    if (!names_.contains(upload.object)) continue;
    const Result<void> aborted = co_await client_.abort_upload(upload.object, upload.upload_id);
    if (!aborted) co_return aborted.error();
    log_.line(Level::info, fmt::format("aborted an unfinished upload of {}", upload.object));
  }
  co_return Result<void>();
}

awaitable<Result<void>> OssWindowWriter::publish(std::vector<ObjectInfo>& objects) {
  if (single_) co_return co_await single_object_.publish(objects, touched_);
  bool any = false;
  for (const auto& [index, shard] : shards_) {
    const Result<void> finished = co_await shard->finish();
    if (!finished) co_return finished.error();
    any = any || !shard->empty();
  }
  co_await tasks_.join();
  if (!any) shard(0).begin_object();  // a window always leaves something to look at
  for (const auto& [index, shard] : shards_) {
    const Result<void> published = co_await shard->publish(objects, touched_);
    if (!published) co_return published.error();
  }
  co_return Result<void>();
}

awaitable<Result<std::vector<ObjectInfo>>> OssWindowWriter::commit() {
  std::vector<ObjectInfo> objects;
  const Result<void> published = co_await publish(objects);
  if (!published) co_return published.error();
  if (mode_ == job::WriteMode::truncate) {
    const Result<void> deleted = co_await delete_surplus(objects);
    if (!deleted) co_return deleted.error();
  }
  if (client_.initiate_repeated()) {
    // The objects are complete; a leftover upload costs storage, not data.
    const Result<void> aborted = co_await abort_uploads();
    if (!aborted) log_.line(Level::warning, "an unfinished upload may be left: " + aborted.error().message());
  }
  for (const ObjectInfo& object : objects) {
    log_.line(Level::info, fmt::format("wrote object {}: {} bytes, {} rows, CRC-64 {}", object.name,
                                       object.bytes, object.rows, object.crc64));
  }
  co_return objects;
}

// What an earlier attempt at this window wrote and this one has no rows for.
awaitable<Result<void>> OssWindowWriter::delete_surplus(const std::vector<ObjectInfo>& objects) {
  std::set<std::string, std::less<>> surplus = existing_;
  for (const ObjectInfo& object : objects) surplus.erase(object.name);
  for (const std::string& name : surplus) {
    const Result<void> deleted = co_await client_.delete_object(name);
    if (!deleted) co_return deleted.error();
    log_.line(Level::info, fmt::format("deleted object {} of an earlier attempt at this window", name));
  }
  co_return Result<void>();
}

awaitable<void> OssWindowWriter::abort() {
  namespace this_coro = boost::asio::this_coro;
  tasks_.stop();
  co_await this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  try {
    co_await tasks_.join();
  } catch (const std::exception& failure) {
    log_.line(Level::error, std::string("upload: ") + failure.what());
  }
  co_await this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  if (reached_) {
    auto work = take_back();
    const Result<void> done =
        co_await within(clock_, kAbortLimit, "taking the attempt back", std::move(work));
    if (!done) log_.line(Level::error, "could not take everything back: " + done.error().message());
  }
  co_await this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
}

// Tries everything; reports what it could not do. Objects that were there before this attempt stay: of a
// window that is run again they hold what the ledger counts on, and the next attempt replaces them.
awaitable<Result<void>> OssWindowWriter::take_back() {
  for (const std::string& name : touched_) {
    if (existing_.contains(name)) {
      log_.line(Level::warning, fmt::format("object {} was there before this attempt and stays", name));
      continue;
    }
    const Result<void> deleted = co_await client_.delete_object(name);
    const std::string line = deleted ? "deleted object " + name : deleted.error().message();
    log_.line(deleted ? Level::info : Level::error, line);
  }
  co_return co_await abort_uploads();
}

class OssWriter final : public pipeline::Writer {
 public:
  OssWriter(const WriterPorts& ports, job::OssTarget target, ClientOptions options, Address address,
            std::uint64_t bytes_per_second, const UploadLimits& limits)
      : ports_(ports),
        target_(std::move(target)),
        options_(std::move(options)),
        address_(std::move(address)),
        bytes_per_second_(bytes_per_second),
        limits_(limits) {}

  // An unusable window (an unknown zone) throws: job files are checked before.
  std::unique_ptr<pipeline::WindowWriter> begin(const Window& window, Statistics& statistics,
                                                Log& log) override {
    return std::make_unique<OssWindowWriter>(ports_, target_, options_, address_, bytes_per_second_, limits_,
                                             ObjectNames::make(target_, window).value(), statistics, log);
  }
  std::string object_name(const Window& window, std::uint32_t index) const override {
    return ObjectNames::make(target_, window).value().object(index);
  }

 private:
  WriterPorts ports_;
  job::OssTarget target_;
  ClientOptions options_;
  Address address_;
  std::uint64_t bytes_per_second_;
  UploadLimits limits_;
};

Result<void> check_target(const job::OssTarget& target) {
  const std::string encoding = http::to_lower(target.encoding);
  if (encoding != "utf-8" && encoding != "utf8" && !encoding.empty()) {
    return Error(Errc::invalid_argument,
                 fmt::format("use encoding {}: only UTF-8 is written; correct `encoding`", target.encoding));
  }
  if (target.file_format == job::FileFormat::csv &&
      (target.field_delimiter.empty() ||
       target.field_delimiter.find_first_of("\"\r\n") != std::string::npos)) {
    return Error(Errc::invalid_argument,
                 "use the csv delimiter: it must be one character, not a quote or a line end; correct "
                 "`fieldDelimiter`");
  }
  if (target.write_single_object && target.write_mode == job::WriteMode::append) {
    return Error(Errc::invalid_argument,
                 "use writeMode append: a single object cannot be added to; correct `writeMode` or "
                 "`writeSingleObject`");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<pipeline::Writer>> make_writer(const WriterPorts& ports, const job::OssTarget& target,
                                                      const job::Settings& settings,
                                                      const UploadLimits& limits) {
  const Result<void> checked = check_target(target);
  if (!checked) return checked.error();
  ClientOptions options;
  options.endpoint = target.endpoint;
  options.bucket = target.bucket;
  options.credentials = ports.credentials;
  if (!options.credentials) {
    Credentials own{target.access_id, target.access_key, target.security_token};
    options.credentials = http::fixed_credentials(std::move(own));
  }
  options.region = target.region;
  options.cname = target.cname;
  Result<Address> address = address_of(options);
  if (!address) return address.error();
  return std::unique_ptr<pipeline::Writer>(std::make_unique<OssWriter>(
      ports, target, std::move(options), std::move(*address), settings.bytes_per_second, limits));
}

std::size_t memory_peak(const pipeline::WindowWriter& writer) {
  return dynamic_cast<const OssWindowWriter&>(writer).memory().peak();
}

}  // namespace sluice::oss
