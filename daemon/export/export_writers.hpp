#pragma once
// The writers of one export: for its windows, and for the whole table that may come with the first of them.

#include "core/job/job.hpp"
#include "core/objects/object_names.hpp"
#include "core/pipeline/joined_writer.hpp"
#include "daemon/export/target_writer.hpp"

#include <memory>
#include <vector>

namespace sluice::daemon {

class ExportWriters {
 public:
  // `objects`: what the instance wrote when it succeeded before. Errors: those of `make_writer`.
  static Result<ExportWriters> make(const WriterMaker& make_writer, const job::Export& work,
                                    const std::vector<pipeline::ObjectInfo>& objects);

  std::unique_ptr<pipeline::WindowWriter> begin(const pipeline::Window& window,
                                                pipeline::Statistics& statistics, pipeline::Log& log,
                                                pipeline::DirtyRows& dirty);

  // `window_writer` joined with a writer of the table's rows; only with fullTableFirst.
  std::unique_ptr<pipeline::JoinedWriter> begin_with_table(
      std::unique_ptr<pipeline::WindowWriter> window_writer, const pipeline::Window& window,
      pipeline::Statistics& statistics, pipeline::Log& log, pipeline::DirtyRows& dirty);

  // The objects of a repeated window behind those of the table that were written with it once.
  std::vector<pipeline::ObjectInfo> with_table_objects(std::vector<pipeline::ObjectInfo> objects) const;
  std::uint64_t table_rows() const;  // that these objects hold

 private:
  std::unique_ptr<pipeline::Writer> window_;
  std::unique_ptr<pipeline::Writer> table_;  // null without fullTableFirst
  std::vector<pipeline::ObjectInfo> table_objects_;
};

}  // namespace sluice::daemon
