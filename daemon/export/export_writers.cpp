#include "daemon/export/export_writers.hpp"

#include <iterator>

namespace sluice::daemon {
namespace {

// Together with the window's own memory still little: most of the table's rows are sent while it is read, and
// what is left waits here while the window is.
constexpr std::size_t kTableMemoryBytes = 8 * 1024 * 1024;

pipeline::Window table_window(const pipeline::Window& window) {
  pipeline::Window table = window;
  table.label = objects::kTableLabel;
  return table;
}

// A load that is repeated may cut the table elsewhere. Whatever becomes of other objects, its own are
// replaced, or rows would appear twice.
job::Target table_target(const job::Target& target) {
  job::Target table = target;
  if (table.write_mode == job::WriteMode::append) table.write_mode = job::WriteMode::truncate;
  return table;
}

}  // namespace

Result<ExportWriters> ExportWriters::make(const WriterMaker& make_writer, const job::Export& work,
                                          const std::vector<pipeline::ObjectInfo>& objects) {
  ExportWriters writers;
  auto window = make_writer(work.target, work.settings, {}, objects);
  if (!window) return window.error();
  writers.window_ = std::move(*window);
  if (work.source.full_table_first) {
    objects::UploadLimits limits;
    limits.memory_bytes = kTableMemoryBytes;
    auto table = make_writer(table_target(work.target), work.settings, limits, objects);
    if (!table) return table.error();
    writers.table_ = std::move(*table);
  }
  if (work.target.write_single_object) return writers;
  const auto names = objects::ObjectNames::make(work.target, table_window(work.window));
  if (!names) return names.error();
  for (const pipeline::ObjectInfo& object : objects) {
    if (names->contains(object.name)) writers.table_objects_.push_back(object);
  }
  return writers;
}

std::unique_ptr<pipeline::WindowWriter> ExportWriters::begin(const pipeline::Window& window,
                                                             pipeline::Statistics& statistics,
                                                             pipeline::Log& log, pipeline::DirtyRows& dirty) {
  return window_->begin(window, statistics, log, dirty);
}

std::unique_ptr<pipeline::JoinedWriter> ExportWriters::begin_with_table(
    std::unique_ptr<pipeline::WindowWriter> window_writer, const pipeline::Window& window,
    pipeline::Statistics& statistics, pipeline::Log& log, pipeline::DirtyRows& dirty) {
  auto table = table_->begin(table_window(window), statistics, log, dirty);
  return std::make_unique<pipeline::JoinedWriter>(std::move(table), std::move(window_writer));
}

std::uint64_t ExportWriters::table_rows() const {
  std::uint64_t rows = 0;
  for (const pipeline::ObjectInfo& object : table_objects_) rows += object.rows;
  return rows;
}

std::vector<pipeline::ObjectInfo> ExportWriters::with_table_objects(
    std::vector<pipeline::ObjectInfo> objects) const {
  std::vector<pipeline::ObjectInfo> all = table_objects_;
  all.insert(all.end(), std::make_move_iterator(objects.begin()), std::make_move_iterator(objects.end()));
  return all;
}

}  // namespace sluice::daemon
