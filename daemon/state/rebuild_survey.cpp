#include "daemon/state/rebuild_survey.hpp"

#include "core/job/script.hpp"
#include "core/objects/object_names.hpp"
#include "core/objects/side_by_side.hpp"
#include "core/tablestore/stream_survey.hpp"
#include "scheduler/calendar.hpp"
#include "scheduler/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace sluice::daemon {
namespace {

using objects::ListedObject;
using scheduler::NewInstance;

constexpr int kSlotsAtLeast = 3;
constexpr std::size_t kAtOnce = 8;
constexpr std::size_t kComparedAtOnce = 4;
constexpr std::size_t kListingsKept = 8;
constexpr std::chrono::hours kReachOfTables{24 * 7};

// A slot with what its window is called.
struct Candidate {
  NewInstance instance;
  job::Target target;
  pipeline::Window window;
};

scheduler::Instance instance_of(const NewInstance& planned) {
  scheduler::Instance instance;
  instance.id = planned.id;
  instance.zone = planned.zone;
  instance.values = planned.values;
  instance.version = planned.version;
  return instance;
}

// Names go on with the window's start and end: up to the day of the start one listing has the windows of a
// day.
std::string day_prefix(const std::string& name) {
  constexpr std::size_t kDay = 2 + 8;  // "__20181016"
  return name.substr(0, name.rfind("__") + kDay);
}

// Whether asking again, or with other rights, may help: nothing can be said of the object then.
bool hides_answer(Errc code) {
  return is_transient(code) || code == Errc::unauthenticated || code == Errc::permission_denied ||
         code == Errc::cancelled;
}

// Objects of other windows in it would be removed when the window runs again.
Result<void> check_names(const objects::Manifest& manifest, const Candidate& candidate) {
  const auto names = objects::ObjectNames::make(candidate.target, candidate.window);
  if (!names) return names.error();
  for (const pipeline::ObjectInfo& object : manifest.objects) {
    if (names->contains(object.name)) continue;
    return Error(Errc::invalid_argument,
                 fmt::format("it names {}, which is no object of its window", object.name));
  }
  return {};
}

Result<objects::Manifest> believe(std::string_view text, const Candidate& candidate) {
  auto manifest = objects::parse_manifest(text);
  if (!manifest) return manifest;
  if (const auto checked = scheduler::check_manifest(*manifest, candidate.instance); !checked)
    return checked.error();
  if (const auto checked = check_names(*manifest, candidate); !checked) return checked.error();
  return manifest;
}

// The survey of one job; lives as long as it runs.
class Surveying {
 public:
  Surveying(SurveyPorts ports, const job::Job& job, SurveyRange range)
      : ports_(std::move(ports)), job_(job), range_(range), now_(ports_.clock.now()) {}

  awaitable<Result<JobSurvey>> run() {
    if (job_.script->target == job::TargetKind::stream) {
      co_return Error(Errc::invalid_argument,
                      fmt::format("look for windows of {}: its rows go to standard output", job_.name));
    }
    auto calendar = scheduler::Calendar::of(job_.schedule);
    if (!calendar) co_return calendar.error();
    lowest_ = std::max(range_.after + Duration(1), range_.from.value_or(reach_of(*calendar)));
    const auto asked = co_await ask_source(*calendar);
    if (!asked) co_return asked.error();
    auto walked = co_await walk_days(*calendar, &Surveying::look_for_manifests);
    if (!walked) co_return walked.error();
    // Behind a window that the state file has, windows without manifests simply run again.
    const bool believed = std::ranges::any_of(
        survey_.manifests, [](const scheduler::FoundManifest& found) { return found.manifest.has_value(); });
    if (!believed && range_.after == Instant{}) {
      at_end_ = false;
      walked = co_await walk_days(*calendar, &Surveying::look_for_objects);
      if (!walked) co_return walked.error();
    }
    std::reverse(survey_.manifests.begin(), survey_.manifests.end());
    co_return std::move(survey_);
  }

 private:
  // Slots before it are too long ago, even where the job has few of them.
  Instant reach_of(const scheduler::Calendar& calendar) const {
    std::optional<Instant> slot = now_;
    for (int back = 0; back < kSlotsAtLeast && slot; ++back) slot = calendar.last_run_before(*slot);
    const Instant reach = std::min<Instant>(slot.value_or(Instant::max()), now_ - kSurveyReach);
    return std::max(reach, job_.schedule.first_slot.value_or(reach));
  }

  Result<Candidate> candidate_of(const NewInstance& planned) {
    auto opened = ports_.runner.open_target(job_, instance_of(planned));
    if (!opened) return opened.error().in("look for windows of " + job_.name);
    if (store_ == nullptr) store_ = opened->open_store([](std::string_view) {});
    return Candidate{planned, std::move(opened->work.target), std::move(opened->work.window)};
  }

  // Slots of [from, to), newest first; those that do not freeze, or run nothing, left out.
  std::vector<NewInstance> planned_between(const scheduler::Calendar& calendar, Instant from, Instant to) {
    scheduler::FreezeFailures failures;
    auto planned = scheduler::make_instances(job_, calendar.slots(from, to), scheduler::freeze_job, failures);
    std::erase_if(planned, [](const NewInstance& one) { return one.dry_run; });
    std::reverse(planned.begin(), planned.end());
    return planned;
  }

  awaitable<Result<void>> ask_source(const scheduler::Calendar& calendar) {
    if (job_.script->source != job::SourceKind::stream) co_return Result<void>();
    std::vector<NewInstance> planned;
    if (const auto last = calendar.last_run_before(now_))
      planned = planned_between(calendar, *last, *last + Duration(1));
    if (planned.empty()) co_return Result<void>();  // it never had a slot, so there is nothing to find
    auto opened = ports_.runner.open_source(job_, instance_of(planned.front()));
    if (!opened) co_return opened.error().in("look for windows of " + job_.name);
    const job::TableStoreSource& source = opened->source;
    survey_.loads_table = source.full_table_first;
    Result<tablestore::StreamState> stream = Error();
    if (source.is_time_series) {
      stream = co_await tablestore::survey_time_series(*opened->client, source.table);
    } else {
      stream = co_await tablestore::survey_stream(*opened->client, source.table);
    }
    if (!stream) co_return stream.error().in("look for windows of " + job_.name);
    survey_.stream = std::move(*stream);
    co_return Result<void>();
  }

  // From today back to lowest_, which a find may raise, or until `look` has seen enough.
  using Look = awaitable<Result<void>> (Surveying::*)(std::vector<NewInstance> planned);
  awaitable<Result<void>> walk_days(const scheduler::Calendar& calendar, Look look) {
    for (int day = 0; !at_end_; ++day) {
      const Instant from = calendar.day_start(now_, -day);
      const Instant to = std::min<Instant>(calendar.day_start(now_, 1 - day), now_ + Duration(1));
      if (to <= lowest_) break;
      auto planned = planned_between(calendar, std::max(from, lowest_), to);
      const auto looked = co_await (this->*look)(std::move(planned));
      if (!looked) co_return looked;
      ports_.progress(fmt::format("{}: looked for {} windows, found {}", job_.name, looked_at_,
                                  survey_.manifests.size() + survey_.windows.size()));
    }
    co_return Result<void>();
  }

  awaitable<Result<const std::vector<ListedObject>*>> listing(std::string prefix) {
    auto known = listings_.find(prefix);
    if (known == listings_.end()) {
      auto listed = co_await store_->list_objects(prefix);
      if (!listed) co_return listed.error();
      if (listings_.size() >= kListingsKept) listings_.clear();
      known = listings_.emplace(std::move(prefix), std::move(*listed)).first;
    }
    co_return &known->second;
  }

  awaitable<Result<void>> look_for_manifests(std::vector<NewInstance> planned) {
    std::vector<Candidate> there;
    std::vector<std::string> names;
    for (const NewInstance& one : planned) {
      if (one.id.scheduled < lowest_) break;
      auto candidate = candidate_of(one);
      if (!candidate) co_return candidate.error();
      if (candidate->target.manifest.empty()) {
        at_end_ = true;
        co_return Result<void>();
      }
      ++looked_at_;
      auto name = objects::manifest_name(candidate->target, candidate->window);
      if (!name) co_return name.error();
      std::string prefix = day_prefix(*name);
      const auto listed = co_await listing(std::move(prefix));
      if (!listed) co_return listed.error();
      const bool found = std::ranges::binary_search(**listed, *name, {}, &ListedObject::name);
      if (!found) continue;
      raise_lowest(one.window_end);
      there.push_back(std::move(*candidate));
      names.push_back(std::move(*name));
    }
    co_return co_await read_manifests(std::move(there), std::move(names));
  }

  awaitable<Result<void>> read_manifests(std::vector<Candidate> there, std::vector<std::string> names) {
    std::vector<std::optional<Result<objects::Manifest>>> read(there.size());
    const auto work = [&](std::size_t place) { return read_one(there[place], names[place], read[place]); };
    const auto done = co_await objects::side_by_side(there.size(), kAtOnce, work);
    if (!done) co_return done;
    for (std::size_t place = 0; place < there.size(); ++place) {
      if (!read[place]) continue;
      survey_.manifests.push_back(scheduler::FoundManifest{std::move(there[place].instance),
                                                           std::move(names[place]), std::move(*read[place])});
    }
    co_return Result<void>();
  }

  awaitable<Result<void>> read_one(const Candidate& candidate, const std::string& name,
                                   std::optional<Result<objects::Manifest>>& into) {
    const auto text = co_await store_->get_object(name, objects::kManifestBytesMax);
    if (!text && hides_answer(text.error().code())) co_return text.error();
    if (!text && text.error().code() == Errc::not_found) co_return Result<void>();
    if (!text) {
      into.emplace(text.error());
      co_return Result<void>();
    }
    bytes_ += text->size();
    if (bytes_ > kSurveyBytesMax) {
      co_return Error(Errc::invalid_argument,
                      fmt::format("read manifests of {}: they have more than {} MiB; begin later with --from",
                                  job_.name, kSurveyBytesMax >> 20U));
    }
    into.emplace(believe(*text, candidate));
    co_return Result<void>();
  }

  // The newest window is found: how far back more of them are of use.
  void raise_lowest(Instant newest_end) {
    if (found_any_ || range_.from || range_.after != Instant{}) return;
    found_any_ = true;
    Duration reach = kReachOfTables;
    if (survey_.stream) reach = std::max<Duration>(survey_.stream->retention, std::chrono::hours(24));
    lowest_ = std::max<Instant>(lowest_, newest_end - reach);
  }

  awaitable<Result<void>> look_for_objects(std::vector<NewInstance> planned) {
    for (const NewInstance& one : planned) {
      auto candidate = candidate_of(one);
      if (!candidate) co_return candidate.error();
      ++looked_at_;
      const auto names = objects::ObjectNames::make(candidate->target, candidate->window);
      if (!names) co_return names.error();
      const bool single = candidate->target.write_single_object;
      if (single && later_name_ == names->prefix()) {
        survey_.names_tell_window = false;
        survey_.windows.clear();
        at_end_ = true;
        co_return Result<void>();
      }
      later_name_ = names->prefix();
      std::string prefix = single ? names->prefix() : day_prefix(names->prefix());
      const auto listed = co_await listing(std::move(prefix));
      if (!listed) co_return listed.error();
      WindowObjects window{one, {}};
      for (const ListedObject& object : **listed) {
        if (names->contains(object.name))
          window.objects.push_back(pipeline::ObjectInfo{object.name, object.bytes, 0, 0});
      }
      if (window.objects.empty()) continue;
      const auto described = co_await describe(window.objects);
      if (!described) co_return described;
      survey_.windows.push_back(std::move(window));
      at_end_ = survey_.windows.size() > 1;
      if (at_end_) break;
    }
    co_return Result<void>();
  }

  awaitable<Result<void>> describe(std::vector<pipeline::ObjectInfo>& found) {
    const auto work = [&](std::size_t place) { return describe_one(found[place]); };
    co_return co_await objects::side_by_side(found.size(), kAtOnce, work);
  }

  awaitable<Result<void>> describe_one(pipeline::ObjectInfo& object) {
    const auto head = co_await store_->head_object(object.name);
    if (!head) co_return head.error();
    object.bytes = head->bytes;
    object.crc64 = head->crc64.value_or(0);
    co_return Result<void>();
  }

  SurveyPorts ports_;
  const job::Job& job_;
  SurveyRange range_;
  Instant now_;
  Instant lowest_{};  // slots before it are not looked at
  bool found_any_ = false;
  bool at_end_ = false;     // enough was seen
  std::string later_name_;  // of the only object of the window looked at before
  std::unique_ptr<objects::ObjectStore> store_;
  std::map<std::string, std::vector<ListedObject>> listings_;
  std::size_t looked_at_ = 0;
  std::size_t bytes_ = 0;
  JobSurvey survey_;
};

// The comparison of one job's windows; lives as long as it runs.
class Comparing {
 public:
  Comparing(SurveyPorts ports, const job::Job& job, const std::vector<scheduler::ProvenWindow>& windows)
      : ports_(std::move(ports)), job_(job), windows_(windows), differences_(windows.size()) {}

  awaitable<Result<std::vector<WindowDifference>>> run() {
    const auto work = [this](std::size_t place) { return compare(place); };
    const auto done = co_await objects::side_by_side(windows_.size(), kComparedAtOnce, work);
    if (!done) co_return done.error();
    std::vector<WindowDifference> all;
    for (std::size_t place = 0; place < windows_.size(); ++place) {
      for (objects::Difference& difference : differences_[place])
        all.push_back(WindowDifference{place, std::move(difference)});
    }
    co_return all;
  }

 private:
  awaitable<Result<void>> compare(std::size_t place) {
    const scheduler::ProvenWindow& window = windows_[place];
    auto opened = ports_.runner.open_target(job_, instance_of(window.instance));
    if (!opened) co_return opened.error();
    // Where windows replace each other's objects, only those of the newest are there.
    const job::Target& target = opened->work.target;
    const bool shared = target.write_single_object || target.truncate_scope == job::TruncateScope::prefix;
    if (shared && place + 1 < windows_.size()) co_return Result<void>();
    objects::LedgerWindow ledger;
    ledger.objects = window.outcome.objects;
    ledger.rows = pipeline::rows_written(window.outcome.statistics);
    ledger.same_definition = window.instance.version == job_.version;
    ledger.window = opened->work.window;
    ledger.target = target;
    const std::unique_ptr<objects::ObjectStore> store = opened->open_store([](std::string_view) {});
    auto check = co_await objects::check_window(*store, ledger);
    if (!check) co_return check.error();
    differences_[place] = std::move(check->differences);
    ports_.progress(fmt::format("{}: compared {} of {} windows", job_.name, ++compared_, windows_.size()));
    co_return Result<void>();
  }

  SurveyPorts ports_;
  const job::Job& job_;
  const std::vector<scheduler::ProvenWindow>& windows_;
  std::vector<std::vector<objects::Difference>> differences_;
  std::size_t compared_ = 0;
};

}  // namespace

awaitable<Result<JobSurvey>> survey_job(SurveyPorts ports, const job::Job& job, SurveyRange range) {
  Surveying surveying(std::move(ports), job, range);
  co_return co_await surveying.run();
}

awaitable<Result<std::vector<WindowDifference>>> compare_proven(
    SurveyPorts ports, const job::Job& job, const std::vector<scheduler::ProvenWindow>& windows) {
  Comparing comparing(std::move(ports), job, windows);
  co_return co_await comparing.run();
}

}  // namespace sluice::daemon
