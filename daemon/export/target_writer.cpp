#include "daemon/export/target_writer.hpp"

#include "core/localfile/store.hpp"
#include "core/oss/store.hpp"
#include "core/s3/store.hpp"
#include "core/stream/row_printer.hpp"

#include <fmt/format.h>

namespace sluice::daemon {
namespace {

Result<objects::StoreMaker> store_maker_of(const TargetPorts& ports, const job::Target& target) {
  switch (target.kind) {
    case job::TargetKind::oss:
      return oss::make_store_maker({ports.transport, ports.clock, ports.random, ports.credentials}, target);
    case job::TargetKind::s3:
      return s3::make_store_maker({ports.transport, ports.clock, ports.random, ports.credentials}, target);
    case job::TargetKind::localfile:
      return localfile::make_store_maker(ports.random, localfile::make_file_system(), target);
    case job::TargetKind::stream:
      break;
  }
  return Error(Errc::invalid_argument, "open store: plugin stream prints rows and keeps none");
}

}  // namespace

Result<objects::WriterPorts> open_target(const TargetPorts& ports, const job::Target& target) {
  auto open_store = store_maker_of(ports, target);
  if (!open_store) return open_store.error();
  const bool local = target.kind == job::TargetKind::localfile;
  objects::WriterPorts opened{std::move(*open_store),
                              local ? "directory " + target.directory : "bucket " + target.bucket,
                              ports.clock, ports.executor};
  if (target.kind == job::TargetKind::s3) opened.part_bytes_min = s3::kPartBytesMin;
  return opened;
}

Result<WriterMaker> make_writer_maker(const TargetPorts& ports, const job::Target& target) {
  if (target.kind == job::TargetKind::stream) {
    if (ports.rows == nullptr) {
      return Error(
          Errc::refused_by_state,
          "print rows: a daemon has no terminal; use `sluice run` with plugin stream, or another plugin");
    }
    const stream::PrinterPorts printer{ports.clock, *ports.rows};
    return WriterMaker([printer](const job::Target& to, const job::Settings& settings,
                                 const objects::UploadLimits&, const std::vector<pipeline::ObjectInfo>&) {
      return stream::make_writer(printer, to, settings);
    });
  }
  auto opened = open_target(ports, target);
  if (!opened) return opened.error();
  return WriterMaker([opened = std::move(*opened)](const job::Target& to, const job::Settings& settings,
                                                   const objects::UploadLimits& limits,
                                                   std::vector<pipeline::ObjectInfo> written) {
    return objects::make_writer(opened, to, settings, limits, std::move(written));
  });
}

std::string place_of(const job::Target& target) {
  switch (target.kind) {
    case job::TargetKind::oss:
    case job::TargetKind::s3:
      return fmt::format("{} in bucket {} at {}", target.object, target.bucket, target.endpoint);
    case job::TargetKind::localfile:
      return fmt::format("{} below {}", target.object, target.directory);
    case job::TargetKind::stream:
      break;
  }
  return "standard output";
}

}  // namespace sluice::daemon
