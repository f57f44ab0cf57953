#include "daemon/export/export_log.hpp"

#include "core/job/civil_time.hpp"
#include "daemon/export/target_writer.hpp"

#include <fmt/format.h>

namespace sluice::daemon {

using job::format_local;

std::vector<std::string> describe(const scheduler::Instance& instance, int attempt) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("attempt {} of {}, definition {}", attempt,
                              scheduler::to_string(instance.id, instance.zone), instance.version));
  lines.push_back(fmt::format("window {} to {} ({})", format_local(instance.window_start, instance.zone),
                              format_local(instance.window_end, instance.zone), instance.zone));
  for (const auto& [name, value] : instance.values) lines.push_back(fmt::format("value {}={}", name, value));
  return lines;
}

std::string describe(const job::Export& work) {
  return fmt::format("read table {} of instance {} at {}, write {}", work.source.table, work.source.instance,
                     work.source.endpoint, place_of(work.target));
}

std::string describe(const pipeline::Positions& start, bool continues, const pipeline::Window& window) {
  if (start.stream.empty()) return "start: the table as it is now";
  const std::string where = continues
                                ? "where the window before ended"
                                : "at " + format_local(window.start, window.zone) + ", first of its chain";
  return fmt::format("start {} shards of stream {} {}", start.shards.size(), start.stream, where);
}

std::string describe(const pipeline::ObjectInfo& object) {
  return fmt::format("object {}: {} bytes, {} rows, CRC-64 {}", object.name, object.bytes, object.rows,
                     object.crc64);
}

std::string describe(const pipeline::Gap& gap, const std::string& zone) {
  return fmt::format("gap in shard {}: {} to {}: {}", gap.shard.empty() ? "(all)" : gap.shard,
                     format_local(gap.from, zone), format_local(gap.to, zone), gap.reason);
}

std::vector<std::string> describe(const pipeline::Statistics& statistics, const std::string& zone) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("records {}, rows {}, late {}, shards {} of {} done", statistics.records,
                              statistics.rows, statistics.late, statistics.shards_done, statistics.shards));
  if (statistics.table_rows > 0) lines.push_back(fmt::format("rows of the table {}", statistics.table_rows));
  if (statistics.records > 0 && statistics.first_record <= statistics.last_record) {
    lines.push_back(fmt::format("record times {} to {}", format_local(statistics.first_record, zone),
                                format_local(statistics.last_record, zone)));
  }
  if (statistics.dirty_rows > 0)
    lines.push_back(fmt::format("dirty rows left out {}", statistics.dirty_rows));
  for (const auto& [reason, count] : statistics.ignored) {
    lines.push_back(fmt::format("left out or changed: {} x {}", count, reason));
  }
  lines.push_back(fmt::format("read {} bytes in {} requests, wrote {} bytes, {} retries",
                              statistics.read_bytes, statistics.requests, statistics.written_bytes,
                              statistics.retries));
  return lines;
}

}  // namespace sluice::daemon
