#include "daemon/base/metrics.hpp"

#include <cstdlib>
#include <ctime>
#include <dirent.h>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace sluice::daemon {
namespace {

// Numbers of open descriptors, without the one that lists them.
double open_descriptors() {
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  double count = -3;  // ".", ".." and the directory itself
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

// Field `wanted` of /proc/self/stat, counted as in proc(5) from 1; fields before 4 are not asked for.
double stat_field(const std::string& stat, int wanted) {
  auto at = stat.rfind(')');  // the program's name may hold spaces
  if (at == std::string::npos) return 0;
  at += 2;
  for (int field = 3; field < wanted; ++field) {
    at = stat.find(' ', at);
    if (at == std::string::npos) return 0;
    ++at;
  }
  return std::strtod(stat.c_str() + at, nullptr);
}

// Seconds since 1970 at which the machine was started. /proc/stat may be hidden (ProcSubset=pid).
double boot_time() {
  const auto seconds = [](clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  };
  return seconds(CLOCK_REALTIME) - seconds(CLOCK_BOOTTIME);
}

}  // namespace

void declare_all(Metrics& metrics, std::string_view version) {
  metrics.declare_gauge("sluice_build_info", "Constant 1; the labels tell the version.");
  metrics.declare_counter("sluice_instances_total", "Instances that entered a state.");
  metrics.declare_counter("sluice_attempts_total", "Attempts that ended, by result.");
  metrics.declare_counter("sluice_window_rows_total", "Rows in completed windows.");
  metrics.declare_counter("sluice_window_written_bytes_total", "Bytes of the objects of completed windows.");
  metrics.declare_counter("sluice_source_records_total", "Stream records read by attempts of any result.");
  metrics.declare_counter("sluice_source_late_records_total", "Of these, records older than their window.");
  metrics.declare_counter("sluice_dirty_rows_total", "Rows that could not be written and were left out.");
  metrics.declare_counter("sluice_source_read_bytes_total", "Bytes received from the source.");
  metrics.declare_counter("sluice_source_requests_total", "Requests to the source.");
  metrics.declare_counter("sluice_retries_total", "Requests to source and target that were repeated.");
  metrics.declare_counter("sluice_hand_over_failures_total",
                          "Windows that were exported, but not handed over to the original.");
  metrics.declare_histogram("sluice_window_duration_seconds", "Time a successful attempt took.",
                            {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300});
  metrics.declare_histogram("sluice_start_latency_seconds",
                            "Time from when an instance could run at the earliest to its first attempt.",
                            {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600});
  metrics.declare_gauge("sluice_running_attempts", "Attempts running now.");
  metrics.declare_gauge("sluice_jobs", "Jobs in force.");
  metrics.declare_gauge("sluice_job_late", "1 while an instance of the job is late, otherwise 0.");
  metrics.declare_gauge("sluice_coverage_lag_seconds", "Age of the end of the newest durable window.");
  metrics.declare_gauge("sluice_coverage_until_timestamp_seconds", "End of the newest durable window.");
  metrics.declare_gauge("sluice_coverage_gaps", "Gaps known in what was exported.");
  metrics.declare_gauge("sluice_retention_left_seconds",
                        "Time until records that were not exported yet may be trimmed by the source.");
  metrics.declare_gauge("sluice_retention_low", "1 while that time is below the job's retentionWarning.");
  metrics.declare_gauge("sluice_clock_in_doubt",
                        "1 while the wall clock is not believed and nothing starts, otherwise 0.");
  metrics.declare_gauge("sluice_backup_timestamp_seconds",
                        "When the newest good backup of the state file was made.");
  metrics.declare_gauge("sluice_state_damaged", "1 once the state file was found damaged, otherwise 0.");
  metrics.declare_counter("sluice_source_ahead_records_total",
                          "Stream records whose time is far ahead of the source's clock.");
  metrics.declare_counter("sluice_config_reloads_total", "Reloads of the job files, by result.");
  metrics.declare_counter("sluice_http_refusals_total",
                          "Requests over TCP that were refused, by reason: token or role.");
  metrics.declare_gauge("sluice_incidents_open", "Open incidents, by rule.");
  metrics.declare_counter(
      "sluice_alert_deliveries_total",
      "Tries to send a notice, by channel and result: sent, failed (tried again), given_up.");
  metrics.declare_counter("sluice_heartbeats_total", "Signs of life, by result.");
  metrics.declare_counter("process_cpu_seconds_total", "User and system CPU time.");
  metrics.declare_gauge("process_resident_memory_bytes", "Resident memory.");
  metrics.declare_gauge("process_virtual_memory_bytes", "Virtual memory.");
  metrics.declare_gauge("process_open_fds", "Open file descriptors.");
  metrics.declare_gauge("process_max_fds", "Limit of open file descriptors.");
  metrics.declare_gauge("process_threads", "Threads.");
  metrics.declare_gauge("process_start_time_seconds", "When the process started, seconds since 1970.");
  metrics.set("sluice_build_info", {{"version", std::string(version)}}, 1);
}

void set_process_metrics(Metrics& metrics) {
  std::ifstream file("/proc/self/stat");
  std::string stat;
  std::getline(file, stat);
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  metrics.set("process_cpu_seconds_total", {}, (stat_field(stat, 14) + stat_field(stat, 15)) / ticks);
  metrics.set("process_threads", {}, stat_field(stat, 20));
  metrics.set("process_start_time_seconds", {}, boot_time() + stat_field(stat, 22) / ticks);
  metrics.set("process_virtual_memory_bytes", {}, stat_field(stat, 23));
  metrics.set("process_resident_memory_bytes", {}, stat_field(stat, 24) * page);
  metrics.set("process_open_fds", {}, open_descriptors());
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    metrics.set("process_max_fds", {}, static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace sluice::daemon
