#include "daemon/doctor/doctor_world.hpp"

#include "core/base/within.hpp"
#include "core/http/headers.hpp"
#include "core/job/script.hpp"
#include "daemon/client/api_client.hpp"
#include "scheduler/calendar.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace sluice::daemon {
namespace {

// Of one question to a service: a lookup, a handshake and one repetition.
constexpr std::chrono::seconds kQuestionLimit{20};

std::string user_name(uid_t id) {
  const passwd* user = ::getpwuid(id);
  return user == nullptr ? std::to_string(id) : user->pw_name;
}

// The user that the package makes for the daemon.
std::string daemon_user() {
  const passwd* user = ::getpwnam("sluice");
  return user == nullptr ? "" : user->pw_name;
}

// The slot whose time came last, or comes next: names and keys are the same for all.
Result<std::optional<Instant>> a_slot(const job::Job& job, Instant now) {
  const auto calendar = scheduler::Calendar::of(job.schedule);
  if (!calendar) return calendar.error();
  const auto last = calendar->last_run_before(now);
  return last ? last : calendar->first_after(now);
}

Result<scheduler::Instance> instance_at(const job::Job& job, Instant slot) {
  scheduler::Instance instance;
  instance.id.job = job.name;
  instance.id.scheduled = slot;
  instance.zone = job.schedule.zone;
  instance.version = job.version;
  auto values = job::freeze(job, instance.id.scheduled);
  if (!values) return values.error();
  instance.values = std::move(*values);
  return instance;
}

// Whether `endpoint` answers at all, and what its clock says.
awaitable<std::vector<Finding>> look_at_endpoint(DoctorPorts ports, std::string name) {
  std::vector<Finding> findings;
  const auto endpoint = http::parse_endpoint(name);
  if (!endpoint) {
    findings.push_back(judge_endpoint(name, endpoint.error()));
    co_return findings;
  }
  http::Request request;
  request.method = "GET";
  request.target = "/";
  request.limit = kQuestionLimit;
  const auto answer = co_await ports.transport.send(*endpoint, request);
  const Result<void> reached = answer ? Result<void>() : Result<void>(answer.error());
  findings.push_back(judge_endpoint(name, reached));
  if (!answer) co_return findings;
  const auto date = http::parse_date(answer->header("Date"));
  if (date) findings.push_back(judge_clock(name, ports.clock.now() - *date));
  co_return findings;
}

awaitable<Result<void>> look_at_store(objects::ObjectStore& store, std::string object, bool write) {
  if (!write) {
    const auto uploads = co_await store.list_uploads(object);
    if (!uploads) co_return uploads.error();
    co_return Result<void>();
  }
  const objects::ObjectTraits traits;
  const auto upload = co_await store.initiate_upload(object, traits);
  if (!upload) co_return upload.error();
  co_return co_await store.abort_upload(object, *upload);
}

awaitable<void> look_at_source(DoctorPorts ports, const job::Job& job, const scheduler::Instance& instance,
                               std::vector<Finding>& findings) {
  const auto opened = ports.runner.open_source(job, instance);
  if (!opened) {
    findings.push_back(judge_opening("table", job.name, opened.error()));
    co_return;
  }
  const auto reached = co_await look_at_endpoint(ports, opened->source.endpoint);
  findings.insert(findings.end(), reached.begin(), reached.end());
  if (reached.front().health == Health::bad) co_return;
  auto asked = opened->client->describe_table(opened->source.table);
  const auto described = co_await within(ports.clock, kQuestionLimit,
                                         "describe table " + opened->source.table, std::move(asked));
  findings.push_back(judge_table(job.name, described));
  const bool streams = opened->source.kind == job::SourceKind::stream && !opened->source.is_time_series;
  if (described && streams) findings.push_back(judge_stream(job.name, described->stream));
}

awaitable<void> look_at_target(DoctorPorts ports, const job::Job& job, const scheduler::Instance& instance,
                               bool write, std::vector<Finding>& findings) {
  const auto opened = ports.runner.open_target(job, instance);
  if (!opened) {
    findings.push_back(judge_opening("target", job.name, opened.error()));
    co_return;
  }
  const job::Target& target = opened->work.target;
  const std::string place = place_of(target);
  const std::unique_ptr<objects::ObjectStore> store = opened->open_store([](std::string_view) {});
  auto asked = look_at_store(*store, target.object + ".sluice-doctor", write);
  const std::string asking = "reach " + place;
  const auto looked = co_await within(ports.clock, kQuestionLimit, asking, std::move(asked));
  findings.push_back(judge_target(job.name, place, write, looked));
}

}  // namespace

FolderFacts look_at_folder(const std::string& path) {
  FolderFacts facts;
  facts.path = path;
  facts.daemon = daemon_user();
  facts.user = user_name(::geteuid());
  struct stat status = {};
  facts.exists = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  if (facts.exists) facts.owner = user_name(status.st_uid);
  facts.writable = facts.exists && ::access(path.c_str(), W_OK | X_OK) == 0;
  facts.open_to_all = facts.exists && (status.st_mode & S_IWOTH) != 0;
  struct statvfs space = {};
  if (facts.exists && ::statvfs(path.c_str(), &space) == 0) {
    facts.free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
    facts.total_bytes = std::uint64_t{space.f_blocks} * space.f_frsize;
  }
  return facts;
}

// One that is busy answers later than that by minutes, or never.
constexpr std::chrono::milliseconds kDaemonLimit = std::chrono::seconds(20);

SocketFacts look_at_socket(const std::string& path) {
  SocketFacts facts;
  facts.path = path;
  struct stat status = {};
  facts.exists = ::stat(path.c_str(), &status) == 0;
  if (!facts.exists) return facts;
  facts.open_to_all = (status.st_mode & S_IWOTH) != 0;
  try {
    make_unix_api(path, kDaemonLimit)->get("/api/v1/jobs");
  } catch (const CommandFailure& failure) {
    facts.failure = failure.what();
  }
  return facts;
}

std::string systemd_version() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> program(
      // Nothing of it comes from outside.  NOLINTNEXTLINE(cert-env33-c)
      ::popen("systemctl --version 2>/dev/null", "re"), ::pclose);
  std::array<char, 128> line{};
  if (program == nullptr || std::fgets(line.data(), static_cast<int>(line.size()), program.get()) == nullptr)
    return "";
  return line.data();
}

awaitable<std::vector<Finding>> look_at_job(DoctorPorts ports, const job::Job& job, bool write) {
  std::vector<Finding> findings;
  const auto slot = a_slot(job, ports.clock.now());
  if (slot && !*slot) {
    findings.push_back(Finding{"job", job.name, Health::warning, "its schedule has no slot, past or to come",
                               "it never runs: see its schedule and its effectiveFrom and effectiveTo"});
    co_return findings;
  }
  const auto instance = slot ? instance_at(job, **slot) : Result<scheduler::Instance>(slot.error());
  if (!instance) {
    findings.push_back(Finding{"job", job.name, Health::bad, instance.error().message(), "see sluice plan"});
    co_return findings;
  }
  co_await look_at_source(ports, job, *instance, findings);
  if (job.script->target != job::TargetKind::stream)
    co_await look_at_target(ports, job, *instance, write, findings);
  co_return findings;
}

}  // namespace sluice::daemon
