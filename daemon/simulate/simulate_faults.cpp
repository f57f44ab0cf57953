#include "daemon/simulate/simulate_faults.hpp"

#include "core/base/random.hpp"
#include "core/job/civil_time.hpp"
#include "core/job/yaml_map.hpp"
#include "daemon/base/time_text.hpp"
#include "scheduler/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::daemon {
namespace {

// More than anybody means, and every window of it would be simulated.
constexpr Duration kSlowMax = std::chrono::hours(168);
constexpr Duration kStepMax = std::chrono::days(366);

constexpr std::string_view kKinds = "fail, slow, outage, source, clock and rerun";

// Reads one fault; what is wrong is said of `text_` as a whole.
class FaultReader {
 public:
  FaultReader(std::string_view text, const FaultScope& scope) : text_(text), scope_(scope) {}

  Result<void> read_into(Faults& faults) const {
    const std::size_t equals = text_.find('=');
    const std::string_view kind = text_.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : text_.substr(equals + 1);
    if (kind == "fail" && value.ends_with('%')) return read_percent(value, faults);
    if (kind == "fail") return read_slots(value, Duration(0), faults.failing);
    if (kind == "slow") return read_slow(value, faults);
    if (kind == "outage") return read_span(value, faults.outages);
    if (kind == "source") return read_span(value, faults.source_gone);
    if (kind == "clock") return read_step(value, faults);
    if (kind == "rerun") return read_rerun(value, faults);
    return wrong(fmt::format("unknown kind \"{}\"; there are {}", kind, kKinds));
  }

 private:
  Error wrong(std::string_view cause) const {
    return Error(Errc::invalid_argument, fmt::format("read --fault \"{}\": {}", text_, cause));
  }

  Result<Instant> time(std::string_view text, const std::string& zone) const {
    const Result<Instant> read = simulation_time(text, zone);
    if (!read) return wrong(read.error().message());
    return read;
  }

  Result<Instant> simulated_time(std::string_view text) const {
    const Result<Instant> at = time(text, scope_.zone);
    if (at && !scope_.time.holds(*at)) return wrong(fmt::format("{} is not within the simulated time", text));
    return at;
  }

  Result<TimeSpan> span(std::string_view text, const std::string& zone) const {
    const std::size_t dots = text.find("..");
    if (dots == std::string_view::npos) return wrong(fmt::format("expected FROM..TO, got \"{}\"", text));
    const Result<Instant> from = time(text.substr(0, dots), zone);
    if (!from) return from.error();
    const Result<Instant> to = time(text.substr(dots + 2), zone);
    if (!to) return to.error();
    if (*to <= *from) return wrong(fmt::format("\"{}\" ends before it begins", text));
    return TimeSpan{*from, *to};
  }

  Result<void> read_percent(std::string_view value, Faults& faults) const {
    const std::string_view digits = value.substr(0, value.size() - 1);
    double percent = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), percent);
    const bool whole = failure == std::errc() && end == digits.data() + digits.size();
    if (!whole || !(percent >= 0 && percent <= 100))
      return wrong(fmt::format("expected 0% to 100%, got \"{}\"", value));
    if (faults.fail_percent > 0) return wrong("a percentage is given already");
    faults.fail_percent = percent;
    return {};
  }

  Result<void> read_slots(std::string_view value, Duration takes, std::vector<SlotFault>& to) const {
    const std::size_t sign = value.find('@');
    if (sign == std::string_view::npos)
      return wrong(
          fmt::format("expected JOB@SLOT, JOB@FROM..TO or for fail a percentage, got \"{}\"", value));
    SlotFault fault;
    fault.job = value.substr(0, sign);
    fault.text = text_;
    fault.takes = takes;
    const auto job = std::ranges::find(scope_.jobs, fault.job, &job::Job::name);
    if (job == scope_.jobs.end()) return wrong(fmt::format("no job \"{}\" is simulated", fault.job));
    const std::string_view times = value.substr(sign + 1);
    if (times.find("..") != std::string_view::npos) {
      const Result<TimeSpan> given = span(times, job->schedule.zone);
      if (!given) return given.error();
      fault.slots = *given;
    } else {
      const Result<Instant> slot = time(times, job->schedule.zone);
      if (!slot) return slot.error();
      fault.slots = TimeSpan{*slot, *slot + Duration(1)};
    }
    const auto calendar = scheduler::Calendar::of(job->schedule);
    if (!calendar) return wrong(calendar.error().message());
    const Instant from = std::max(fault.slots.from, scope_.time.from);
    const Instant end = std::min(fault.slots.to, scope_.time.to);
    if (from >= end || calendar->slots(from, end).empty())
      return wrong(fmt::format("job {} has no slot there within the simulated time", fault.job));
    to.push_back(std::move(fault));
    return {};
  }

  Result<void> read_slow(std::string_view value, Faults& faults) const {
    const std::size_t colon = value.rfind(':');
    const std::string_view length = colon == std::string_view::npos ? "" : value.substr(colon + 1);
    const auto takes = job::parse_duration(length);
    if (!takes || *takes > kSlowMax)
      return wrong(fmt::format(
          "expected a length such as 90s, 20m or 1h, up to 168h, behind the last colon, got \"{}\"", length));
    return read_slots(value.substr(0, colon), *takes, faults.slow);
  }

  Result<void> read_span(std::string_view value, std::vector<TimeSpan>& to) const {
    const Result<TimeSpan> given = span(value, scope_.zone);
    if (!given) return given.error();
    const bool outside = given->to <= scope_.time.from || given->from >= scope_.time.to;
    if (outside) return wrong(fmt::format("{} is not within the simulated time", value));
    const bool overlaps = std::ranges::any_of(
        to, [&](const TimeSpan& other) { return given->from < other.to && other.from < given->to; });
    if (overlaps) return wrong("it overlaps another of its kind; give one that holds both");
    to.push_back(*given);
    return {};
  }

  Result<void> read_step(std::string_view value, Faults& faults) const {
    const std::size_t colon = value.rfind(':');
    const std::string_view step = colon == std::string_view::npos ? "" : value.substr(colon + 1);
    const bool back = step.starts_with('-');
    const auto length = step.empty() ? std::nullopt : job::parse_duration(step.substr(1));
    if (!length || *length > kStepMax || (!back && !step.starts_with('+')))
      return wrong(fmt::format(
          "expected a step such as +1h or -90s, up to 366d, behind the last colon, got \"{}\"", step));
    const Result<Instant> at = simulated_time(value.substr(0, colon));
    if (!at) return at.error();
    faults.clock_steps.push_back(ClockStep{*at, back ? -*length : *length});
    return {};
  }

  Result<void> read_rerun(std::string_view value, Faults& faults) const {
    const Result<Instant> at = simulated_time(value);
    if (!at) return at.error();
    faults.reruns.push_back(*at);
    return {};
  }

  std::string_view text_;
  const FaultScope& scope_;
};

// FNV-1a: the same on every machine.
std::uint64_t dice_seed(std::uint64_t seed, const ScriptedAttempt& attempt) {
  const std::string text =
      fmt::format("{}@{}#{} {}", attempt.job, attempt.slot.time_since_epoch().count(), attempt.number, seed);
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

const SlotFault* find_fault(const std::vector<SlotFault>& faults, const ScriptedAttempt& attempt) {
  const auto found = std::ranges::find_if(faults, [&](const SlotFault& fault) {
    return fault.job == attempt.job && fault.slots.holds(attempt.slot);
  });
  return found == faults.end() ? nullptr : &*found;
}

}  // namespace

std::string common_zone(std::span<const job::Job> jobs) {
  if (jobs.empty()) return "";
  const std::string& first = jobs.front().schedule.zone;
  const bool same =
      std::ranges::all_of(jobs, [&](const job::Job& job) { return job.schedule.zone == first; });
  return same ? first : "";
}

Result<Instant> simulation_time(std::string_view text, const std::string& zone) {
  if (!zone.empty()) return time_from_text(text, zone);
  const Result<Instant> whole = job::parse_local(text);
  if (whole) return whole;
  return Error(Errc::invalid_argument,
               fmt::format("read the time \"{}\": the jobs have several time zones, so give the offset too, "
                           "such as 2018-10-16T00:15+08:00",
                           text));
}

Result<Faults> parse_faults(std::span<const std::string> texts, const FaultScope& scope) {
  Faults faults;
  for (const std::string& text : texts) {
    const Result<void> read = FaultReader(text, scope).read_into(faults);
    if (!read) return read.error();
  }
  return faults;
}

ScriptedAct scripted_act(const Faults& faults, const ScriptedAttempt& attempt, std::uint64_t seed,
                         Duration run_time) {
  SeededRandom dice(dice_seed(seed, attempt));
  ScriptedAct act;
  const auto share = static_cast<double>(dice.below(1'000'001)) / 1'000'000;  // 0 .. 1
  const auto seconds = std::chrono::duration<double>(run_time) * (0.5 + share);
  act.takes = std::chrono::floor<std::chrono::seconds>(seconds);
  const bool unlucky = static_cast<double>(dice.below(1'000'000)) < faults.fail_percent * 10'000;
  const bool mended = attempt.mended && attempt.slot <= *attempt.mended;
  const SlotFault* slow = mended ? nullptr : find_fault(faults.slow, attempt);
  const SlotFault* failing = mended ? nullptr : find_fault(faults.failing, attempt);
  if (slow != nullptr) act.takes = slow->takes;

  const bool source_gone = std::ranges::any_of(faults.source_gone, [&](const TimeSpan& span) {
    return attempt.begin < span.to && attempt.begin + act.takes >= span.from;
  });
  if (source_gone) {
    act.error =
        Error(Errc::unavailable, "read the stream: the Table Store cannot be reached, --fault source");
  } else if (failing != nullptr) {
    act.error = Error(Errc::unavailable, fmt::format("run the window: --fault {}", failing->text));
  } else if (unlucky) {
    act.error =
        Error(Errc::unavailable, fmt::format("run the window: --fault fail={:g}%", faults.fail_percent));
  }
  return act;
}

}  // namespace sluice::daemon
