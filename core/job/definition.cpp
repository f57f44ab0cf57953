#include "core/job/definition.hpp"

#include "core/job/script.hpp"
#include "core/job/variables.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace sluice::job {
namespace {

// Length first, so that no two different lists of texts look alike.
void put(std::string& out, std::string_view text) { out += fmt::format("{}:{},", text.size(), text); }

template <class... Numbers>
void put_numbers(std::string& out, Numbers... numbers) {
  (put(out, fmt::format("{}", numbers)), ...);
}

void put(std::string& out, const YamlNode& node) {
  put_numbers(out, static_cast<int>(node.kind), node.items.size());
  put(out, node.text);
  std::vector<std::size_t> order(node.items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (node.is_mapping()) {
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return node.keys[a].text < node.keys[b].text; });
  }
  for (const std::size_t at : order) {
    if (node.is_mapping()) put(out, node.keys[at].text);
    if (!node.is_mapping() || !is_credential_key(node.keys[at].text)) put(out, node.items[at]);
  }
}

template <class Numbers>
std::string list_text(const Numbers& numbers) {
  return fmt::format("{}", fmt::join(numbers, ","));
}

// What came later is written only where it differs from its default, each under its name: so the version of a
// job that uses none of it stays as it was.
class Additions {
 public:
  explicit Additions(std::string& out) : out_(out) {}

  template <class T>
  void add(std::string_view name, const T& value, const T& fallback, const std::string& text) {
    if (value == fallback) return;
    put(out_, name);
    put(out_, text);
  }
  template <class Number>
  void add_number(std::string_view name, Number value, Number fallback) {
    add(name, value, fallback, fmt::format("{}", value));
  }

 private:
  std::string& out_;
};

void add_calendar(Additions& out, const Schedule& schedule) {
  const Schedule plain;
  out.add_number("cycle", static_cast<int>(schedule.cycle), static_cast<int>(plain.cycle));
  out.add_number("at", schedule.at.count(), plain.at.count());
  out.add("weekdays", schedule.weekdays, plain.weekdays, list_text(schedule.weekdays));
  out.add("monthDays", schedule.month_days, plain.month_days, list_text(schedule.month_days));
  std::vector<std::string> days;
  for (const std::chrono::month_day& day : schedule.year_days) {
    days.push_back(
        fmt::format("{}-{}", static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day())));
  }
  out.add("yearDays", days, {}, list_text(days));
  out.add("cron", schedule.cron, plain.cron, schedule.cron);
  out.add_number("offDaysDryRun", schedule.off_days_dry_run, plain.off_days_dry_run);
  out.add_number("dst", static_cast<int>(schedule.dst), static_cast<int>(plain.dst));
  out.add_number("generation", static_cast<int>(schedule.generation), static_cast<int>(plain.generation));
}

void add_rules(Additions& out, const Job& job) {
  const Job plain;
  out.add_number("rerun.property", static_cast<int>(job.rerun.property),
                 static_cast<int>(plain.rerun.property));
  out.add_number("self", job.dependencies.self, plain.dependencies.self);
  std::vector<std::string> upstreams;
  for (const Upstream& upstream : job.dependencies.jobs)
    upstreams.push_back(fmt::format("{}{}", upstream.job, upstream.previous_cycle ? " previous" : ""));
  out.add("dependencies", upstreams, {}, list_text(upstreams));
  out.add_number("timeout", job.timeout.count(), plain.timeout.count());
  out.add_number("priority", job.priority, plain.priority);
  out.add_number("maxParallel", job.max_parallel, plain.max_parallel);
  const CatchUp& rule = job.catch_up;
  out.add_number("catchUp", static_cast<int>(rule.policy), static_cast<int>(plain.catch_up.policy));
  if (rule.max_age) out.add("catchUp.maxAge", rule.max_age, {}, fmt::format("{}", rule.max_age->count()));
  if (rule.max_count) out.add("catchUp.maxCount", rule.max_count, {}, fmt::format("{}", *rule.max_count));
}

void put_additions(std::string& out, const Job& job) {
  Additions additions(out);
  add_calendar(additions, job.schedule);
  add_rules(additions, job);
}

std::string canonical(const Job& job) {
  std::string out;
  put(out, job.name);
  const Schedule& schedule = job.schedule;
  put(out, schedule.zone);
  put_numbers(out, schedule.start.count(), schedule.end.count(), schedule.interval.count(),
              schedule.effective_from.time_since_epoch().count(),
              schedule.effective_to.time_since_epoch().count(), job.rerun.times, job.rerun.interval.count(),
              job.parameters.size());
  for (const Parameter& parameter : job.parameters) {
    put(out, parameter.name);
    put(out, parameter.expression);
  }
  put_additions(out, job);
  if (job.script == nullptr) return out;
  if (job.script->source == SourceKind::table) put(out, "ots");
  if (job.script->target != TargetKind::oss) put_numbers(out, static_cast<int>(job.script->target));
  for (const YamlNode* part : {&job.script->reader, &job.script->writer, &job.script->setting})
    put(out, *part);
  return out;
}

}  // namespace

std::string definition_version(const Job& job) {
  constexpr std::size_t kBytes = 6;
  const std::string text = canonical(job);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1 ||
      length < kBytes) {
    throw ErrorException(Error(Errc::internal, "compute the version of a job: SHA-256 is not available"));
  }
  std::string version;
  for (std::size_t at = 0; at < kBytes; ++at) version += fmt::format("{:02x}", digest[at]);
  return version;
}

}  // namespace sluice::job
