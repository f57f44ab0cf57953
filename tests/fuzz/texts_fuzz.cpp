// Fuzz target of the small texts that come from outside; the first byte selects which. What is accepted is
// written and read back as it was, or keeps what its header promises.

#include "core/http/crypto.hpp"
#include "core/http/endpoint.hpp"
#include "core/http/headers.hpp"
#include "core/http/percent_decode.hpp"
#include "core/http/proxy.hpp"
#include "core/job/civil_time.hpp"
#include "core/job/yaml_map.hpp"
#include "core/localfile/object_path.hpp"
#include "core/s3/etag.hpp"
#include "core/tablestore/series_tags.hpp"
#include "daemon/alerts/channel_address.hpp"
#include "daemon/api/event_ring.hpp"
#include "daemon/base/time_text.hpp"
#include "daemon/export/csv_count.hpp"
#include "daemon/http/access.hpp"
#include "daemon/simulate/simulate_faults.hpp"
#include "scheduler/instance.hpp"
#include "tests/fuzz/check.hpp"

#include <array>
#include <string>

namespace {

using namespace sluice;
using fuzz::check;

// A name below a directory is refused, or a path that stays there.
void object_path(std::string_view text) {
  const std::string name(text);
  const auto path = localfile::ObjectPath::parse(name);
  (void)localfile::parse_upload_name(name);
  if (!path) return;
  std::string joined;
  for (const std::string& folder : path->folders) {
    check(!folder.empty() && folder != "." && folder != ".." && folder.size() <= 255);
    joined += folder + "/";
  }
  check(joined + path->file == name && path->file.find('/') == std::string::npos);
  const std::string hidden = localfile::upload_name("0123456789abcdef", path->file);
  const auto upload = localfile::parse_upload_name(hidden);
  check(hidden.size() <= 255 && upload && upload->file == path->file);
}

void etag(std::string_view text) {
  const auto found = s3::as_upload_etag(text);
  check(!found || found->size() <= text.size());
  (void)s3::upload_etag({{1, std::string(text)}});
}

// Every tag costs its quotes at least: nothing is read twice.
void series_tags(std::string_view text) {
  tablestore::TextArena arena;
  std::vector<tablestore::SeriesTag> tags;
  if (!tablestore::parse_tags(text, arena, tags)) return;
  std::size_t bytes = 0;
  for (const tablestore::SeriesTag& tag : tags) {
    check(!tag.name.empty());
    for (const char letter : tag.name) bytes += letter != '\0' ? 1U : 0U;
    for (const char letter : tag.value) bytes += letter != '\0' ? 1U : 0U;
  }
  check(bytes <= text.size());
}

void endpoint(std::string_view text) {
  const auto parsed = http::parse_endpoint(text);
  if (!parsed) return check(parsed.error().code() == Errc::invalid_argument);
  check(!parsed->host.empty() && parsed->port != 0);
  const auto again =
      http::parse_endpoint((parsed->tls ? "https://" : "http://") + http::host_header(*parsed));
  check(again.has_value() && *again == *parsed);
}

// Errors show nothing of the text, in which there is a password.
void proxy(std::string_view text) {
  const std::string given = "http://user:pa55w0rd@" + std::string(text);
  for (const std::string_view address : {text, std::string_view(given)}) {
    const auto parsed = http::parse_proxy(address);
    if (!parsed) {
      check(parsed.error().code() == Errc::invalid_argument);
      check(address == text || parsed.error().message().find("pa55w0rd") == std::string::npos);
    }
  }
  const http::NoProxy exceptions(text);
  (void)exceptions.covers("example.com");
  (void)exceptions.covers("10.1.2.3");
  (void)exceptions.covers("fd00::1");
}

void dates(std::string_view text) {
  if (const auto date = http::parse_date(text)) {
    check(http::parse_date(http::format_date(*date)) == date);
  }
  (void)http::parse_iso_date(text);
}

void local_time(std::string_view text) {
  const auto parsed = job::parse_local(text);
  if (!parsed) return check(parsed.error().code() == Errc::invalid_argument);
  const auto again = job::parse_local(job::format_local(*parsed, "Asia/Shanghai"));
  check(again.has_value() && *again == *parsed);
}

void instance_id(std::string_view text) {
  const auto id = scheduler::parse_instance_id(text);
  if (!id) return check(id.error().code() == Errc::invalid_argument);
  check(!id->job.empty() && id->group >= 0);
  const auto again = scheduler::parse_instance_id(scheduler::to_string(*id, "Asia/Shanghai"));
  check(again.has_value() && *again == *id);
}

void numbers(std::string_view text) {
  (void)job::parse_duration(text);
  (void)job::parse_integer(text);
}

// The address has a robot's token in it, which no message may show.
void web_address(std::string_view text) {
  const std::string given = std::string(text) + "?access_token=t0ken";
  const auto parsed = daemon::parse_web_address(given);
  if (!parsed) return check(parsed.error().message().find("t0ken") == std::string::npos);
  check(!parsed->endpoint.host.empty() && parsed->target.starts_with('/'));
  for (const char c : parsed->target) check(static_cast<unsigned char>(c) > ' ');
}

void percent(std::string_view text) {
  std::string decoded;
  if (http::percent_decode(text, decoded)) check(decoded.size() <= text.size());
  std::string again;
  check(http::percent_decode(http::percent_encode(text), again) && again == text);
}

// Row for row, wherever the text is cut between two of them.
void csv_rows(std::string_view text) {
  const std::uint64_t rows = daemon::count_csv_rows(text);
  check(rows <= text.size());
  const std::string quoted = "\"a\n\"\"\",b\n" + std::string(text);
  check(daemon::count_csv_rows(quoted) == rows + 1);
}

void token(std::string_view text) {
  const auto found = daemon::bearer_token(text);
  check(!found || fuzz::inside(text, *found));
  daemon::AccessConfig config;
  config.tokens.emplace_back();
  config.tokens.back().name = "alice";
  config.tokens.back().sha256 = http::sha256("alice");
  config.tokens.back().role = daemon::Role::admin;
  const daemon::Access access = daemon::decide_access(config, daemon::Caller(), text, Instant());
  check(access.role == daemon::Role::none || found == "alice");
}

std::vector<job::Job> simulated_jobs() {
  job::Job job;
  job.name = "orders";
  return {job};
}

// `--fault` of simulations: a fault of the simulated day, or a message.
void fault(std::string_view text) {
  static const std::vector<job::Job> kJobs = simulated_jobs();
  constexpr Instant kBegin{std::chrono::seconds(1'539'619'200)};  // 2018-10-16 in Shanghai
  daemon::FaultScope scope;
  scope.jobs = kJobs;
  scope.time = {kBegin, kBegin + std::chrono::hours(24)};
  scope.zone = "Asia/Shanghai";
  const std::vector<std::string> texts = {std::string(text)};
  const auto faults = daemon::parse_faults(texts, scope);
  if (!faults) return check(faults.error().code() == Errc::invalid_argument);
  check(faults->fail_percent >= 0 && faults->fail_percent <= 100);
  for (const daemon::ClockStep& step : faults->clock_steps) check(scope.time.holds(step.at));
  for (const Instant rerun : faults->reruns) check(scope.time.holds(rerun));
  for (const auto* spans : {&faults->outages, &faults->source_gone})
    for (const daemon::TimeSpan& span : *spans) check(span.from < span.to);
  daemon::ScriptedAttempt attempt;
  attempt.job = "orders";
  attempt.slot = attempt.begin = kBegin + std::chrono::hours(12);
  check(daemon::scripted_act(*faults, attempt, 1, std::chrono::seconds(10)).takes >= Duration(0));
}

// Last-Event-ID: only what the ring has handed out is gone on from.
void event_id(std::string_view text) {
  daemon::EventRing ring("boot", 4);
  for (int n = 0; n < 9; ++n) ring.add("instance", "orders", "{}");
  const auto number = ring.resume(text);
  if (!number) return;
  check(*number <= ring.last() && !ring.lost(*number));
  const auto again = ring.resume(ring.id(*number));
  check(again == number);
}

// Dates and minutes of the API and the command line; a day of a zone is a day.
void times(std::string_view text) {
  for (const std::string_view zone : {"UTC", "Asia/Shanghai", "America/New_York"}) {
    const auto time = daemon::time_from_text(text, zone);
    if (!time) check(time.error().code() == Errc::invalid_argument);
    const auto day = daemon::local_day(text, zone);
    if (!day) continue;
    const Duration length = day->to - day->from;
    check(length >= std::chrono::hours(23) && length <= std::chrono::hours(25));
  }
  const auto end = daemon::end_of_date(text);
  if (end) check(daemon::utc_text(*end - std::chrono::days(1)).starts_with(text));
}

constexpr std::array kReaders = {object_path, etag,        series_tags, endpoint,    proxy,   dates,
                                 local_time,  instance_id, numbers,     web_address, percent, csv_rows,
                                 token,       fault,       event_id,    times};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  kReaders[fuzz::choice(data[0], kReaders.size())](fuzz::text_of(data + 1, size - 1));
  return 0;
}
