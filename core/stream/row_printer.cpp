#include "core/stream/row_printer.hpp"

#include "core/base/rate_limiter.hpp"
#include "core/base/worker_thread.hpp"
#include "core/format/make_encoder.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>

namespace sluice::stream {
namespace {

using pipeline::Level;

class Printer final : public pipeline::WindowWriter {
 public:
  Printer(const PrinterPorts& ports, std::vector<std::string> header, const job::Settings& settings,
          std::unique_ptr<format::RowEncoder> encoder, pipeline::Statistics& statistics, pipeline::Log& log,
          pipeline::DirtyRows& dirty)
      : output_(ports.output),
        header_(std::move(header)),
        bytes_rate_(ports.clock, settings.bytes_per_second, settings.bytes_per_second),
        rows_rate_(ports.clock, settings.rows_per_second, settings.rows_per_second),
        encoder_(std::move(encoder)),
        statistics_(statistics),
        log_(log),
        dirty_(dirty) {}

  awaitable<Result<void>> prepare() override;
  pipeline::ShardSink& open(std::uint32_t index) override {
    return sinks_.try_emplace(index, *this, index).first->second;
  }
  awaitable<Result<std::vector<pipeline::ObjectInfo>>> commit() override;
  awaitable<void> abort() override;

 private:
  class Sink final : public pipeline::ShardSink {
   public:
    Sink(Printer& printer, std::uint32_t index) : printer_(printer), index_(index) {}
    awaitable<Result<void>> write(const pipeline::RowBatch& rows) override;

   private:
    Result<std::size_t> encode(const pipeline::RowBatch& rows, format::ByteBuffer& out);

    Printer& printer_;
    std::uint32_t index_;
    std::uint64_t rows_seen_ = 0;
  };

  awaitable<Result<void>> print(std::string_view bytes, std::size_t rows);

  RowOutput& output_;
  std::vector<std::string> header_;
  RateLimiter bytes_rate_;
  RateLimiter rows_rate_;
  std::unique_ptr<format::RowEncoder> encoder_;
  pipeline::Statistics& statistics_;
  pipeline::Log& log_;
  pipeline::DirtyRows& dirty_;
  std::map<std::uint32_t, Sink> sinks_;
  std::uint64_t rows_ = 0;
  std::optional<WorkerThread> thread_;
};

// What stands above the first row.
awaitable<Result<void>> Printer::prepare() {
  format::ByteBuffer bytes;
  bytes.append(encoder_->object_prefix());
  if (!header_.empty()) encoder_->append_header(header_, bytes);
  if (bytes.empty()) co_return Result<void>();
  co_return co_await print(bytes.view(), 0);
}

Result<std::size_t> Printer::Sink::encode(const pipeline::RowBatch& rows, format::ByteBuffer& out) {
  std::size_t printed = 0;
  for (std::size_t row = 0; row < rows.rows();) {
    const format::Encoded encoded = printer_.encoder_->append(rows, row, rows.rows() - row, out);
    printed += encoded.rows;
    row += encoded.rows;
    if (encoded.problem.empty()) break;
    const Result<void> dropped =
        printer_.dirty_.add({index_, rows_seen_ + row + 1, encoded.column, encoded.problem, rows.row(row)});
    if (!dropped) return dropped.error();
    ++row;
  }
  rows_seen_ += rows.rows();
  return printed;
}

awaitable<Result<void>> Printer::Sink::write(const pipeline::RowBatch& rows) {
  format::ByteBuffer bytes;
  const Result<std::size_t> printed = encode(rows, bytes);
  if (!printed) co_return printed.error();
  co_return co_await printer_.print(bytes.view(), *printed);
}

awaitable<Result<void>> Printer::print(std::string_view bytes, std::size_t rows) {
  co_await rows_rate_.acquire(rows);
  co_await bytes_rate_.acquire(bytes.size());
  if (!thread_) thread_.emplace("print");
  auto work = [&] { return output_.write(bytes); };
  const Result<void> written = co_await thread_->call(work);
  if (!written) co_return written;
  statistics_.written_bytes += bytes.size();
  rows_ += rows;
  co_return Result<void>();
}

awaitable<Result<std::vector<pipeline::ObjectInfo>>> Printer::commit() {
  log_.line(Level::info, fmt::format("printed {} rows", rows_));
  co_return std::vector<pipeline::ObjectInfo>();
}

awaitable<void> Printer::abort() {
  if (rows_ > 0) log_.line(Level::warning, fmt::format("{} rows were printed before that", rows_));
  co_return;
}

class PrintingWriter final : public pipeline::Writer {
 public:
  PrintingWriter(const PrinterPorts& ports, job::Target target, job::Settings settings)
      : ports_(ports), target_(std::move(target)), settings_(std::move(settings)) {}

  std::unique_ptr<pipeline::WindowWriter> begin(const pipeline::Window&, pipeline::Statistics& statistics,
                                                pipeline::Log& log, pipeline::DirtyRows& dirty) override {
    return std::make_unique<Printer>(ports_, target_.header, settings_, format::make_encoder(target_).value(),
                                     statistics, log, dirty);
  }
  std::string object_name(const pipeline::Window&, std::uint32_t) const override { return "stdout"; }

 private:
  PrinterPorts ports_;
  job::Target target_;
  job::Settings settings_;
};

}  // namespace

Result<std::unique_ptr<pipeline::Writer>> make_writer(const PrinterPorts& ports, const job::Target& target,
                                                      const job::Settings& settings) {
  const auto encoder = format::make_encoder(target);
  if (!encoder) return encoder.error();
  return std::unique_ptr<pipeline::Writer>(std::make_unique<PrintingWriter>(ports, target, settings));
}

}  // namespace sluice::stream
