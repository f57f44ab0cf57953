#include "core/objects/window_writer.hpp"

#include "core/format/make_encoder.hpp"
#include "core/objects/object_window.hpp"

#include <algorithm>

namespace sluice::objects {
namespace {

// With early parts below the 10,000 that a store takes of one object.
constexpr std::uint64_t kPartsMax = 8000;

std::string content_type_of(const job::Target& target) {
  switch (target.compression) {
    case job::Compression::gzip:
      return "application/gzip";
    case job::Compression::zstd:
      return "application/zstd";
    case job::Compression::none:
      break;
  }
  switch (target.file_format) {
    case job::FileFormat::csv:
      return "text/csv";
    case job::FileFormat::text:
      return "text/plain";
    case job::FileFormat::jsonl:
      return "application/x-ndjson";
  }
  return "application/octet-stream";
}

// No Content-Encoding for compressed objects: a reader would get other bytes than the ones whose size and
// checksum are known, or not, as his library pleases.
ObjectTraits traits_of(const job::Target& target) {
  ObjectTraits traits;
  traits.content_type = content_type_of(target);
  traits.storage_class = target.storage_class;
  traits.encryption = target.encryption;
  traits.encryption_key_id = target.encryption_key_id;
  traits.metadata = target.metadata;
  return traits;
}

UploadLimits limits_of(const job::Target& target, const WriterPorts& ports, UploadLimits limits) {
  // A part waits in memory until it is full, and several shards have one.
  if (target.part_bytes > 0) {
    limits.part_bytes = std::min<std::uint64_t>(target.part_bytes, limits.memory_bytes / 2);
  }
  limits.early_part_bytes_min = std::max(limits.early_part_bytes_min, ports.part_bytes_min);
  limits.part_bytes = std::max(limits.part_bytes, limits.early_part_bytes_min);
  if (target.part_bytes > 0) limits.object_bytes_max = kPartsMax * limits.part_bytes;
  if (target.object_bytes_max > 0) {
    limits.object_bytes_max = std::min(limits.object_bytes_max, target.object_bytes_max);
  }
  return limits;
}

// "orders@20181016080000_20181016080500"
std::string mark_of(const pipeline::Window& window) {
  std::string mark = window.job + "@" + local_stamp(window.start, window.zone).value() + "_" +
                     local_stamp(window.end, window.zone).value();
  if (!window.label.empty()) mark += "@" + window.label;
  return mark;
}

class ObjectWriter final : public pipeline::Writer {
 public:
  ObjectWriter(WriterPorts ports, job::Target target, const job::Settings& settings,
               const UploadLimits& limits, std::vector<pipeline::ObjectInfo> written)
      : ports_(std::move(ports)),
        target_(std::move(target)),
        settings_(settings),
        limits_(limits_of(target_, ports_, limits)),
        written_(std::move(written)) {}

  // An unusable window (an unknown zone) throws: job files are checked before.
  std::unique_ptr<pipeline::WindowWriter> begin(const pipeline::Window& window,
                                                pipeline::Statistics& statistics, pipeline::Log& log,
                                                pipeline::DirtyRows& dirty) override {
    return std::make_unique<ObjectWindow>(ports_, plan(window), format::make_encoder(target_).value(),
                                          format::make_compressor(target_.compression), statistics, log,
                                          dirty);
  }
  std::string object_name(const pipeline::Window& window, std::uint32_t index) const override {
    return ObjectNames::make(target_, window).value().object(index);
  }

 private:
  WindowPlan plan(const pipeline::Window& window) const {
    WindowPlan plan;
    plan.target = target_;
    plan.bytes_per_second = settings_.bytes_per_second;
    plan.rows_per_second = settings_.rows_per_second;
    plan.limits = limits_;
    plan.names = ObjectNames::make(target_, window).value();
    if (!target_.manifest.empty()) plan.manifest = manifest_name(target_, window).value();
    plan.window = window;
    plan.traits = traits_of(target_);
    plan.mark = mark_of(window);
    for (const pipeline::ObjectInfo& object : written_) {
      if (object.name.starts_with(plan.names.prefix())) plan.written.insert(object.name);
    }
    spare_table(window, plan);
    return plan;
  }

  // The whole table's rows come with a window and are no other window's; nor do they delete anything.
  void spare_table(const pipeline::Window& window, WindowPlan& plan) const {
    if (!window.label.empty()) plan.target.truncate_scope = job::TruncateScope::window;
    if (plan.target.truncate_scope == job::TruncateScope::window || target_.write_single_object) return;
    pipeline::Window table = window;
    table.label = kTableLabel;
    plan.spared.push_back(ObjectNames::make(target_, table).value().prefix());
    if (!target_.manifest.empty()) plan.spared.push_back(manifest_name(target_, table).value());
  }

  WriterPorts ports_;
  job::Target target_;
  job::Settings settings_;
  UploadLimits limits_;
  std::vector<pipeline::ObjectInfo> written_;
};

Result<void> check_target(const job::Target& target) {
  const auto encoder = format::make_encoder(target);
  if (!encoder) return encoder.error();
  if (target.write_single_object && target.write_mode == job::WriteMode::append) {
    return Error(Errc::invalid_argument,
                 "use writeMode append: a single object cannot be added to; correct `writeMode` or "
                 "`writeSingleObject`");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<pipeline::Writer>> make_writer(const WriterPorts& ports, const job::Target& target,
                                                      const job::Settings& settings,
                                                      const UploadLimits& limits,
                                                      std::vector<pipeline::ObjectInfo> written) {
  const Result<void> checked = check_target(target);
  if (!checked) return checked.error();
  return std::unique_ptr<pipeline::Writer>(
      std::make_unique<ObjectWriter>(ports, target, settings, limits, std::move(written)));
}

std::size_t memory_peak(const pipeline::WindowWriter& writer) {
  return dynamic_cast<const ObjectWindow&>(writer).memory().peak();
}

}  // namespace sluice::objects
