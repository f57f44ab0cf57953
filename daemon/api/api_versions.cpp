// Versions of jobs, and what edits would change.
#include "core/base/utf8.hpp"
#include "daemon/api/api.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/api/backfill_json.hpp"
#include "daemon/base/text_diff.hpp"
#include "daemon/http/etag.hpp"
#include "daemon/http/problem.hpp"

namespace sluice::daemon::api {
namespace {

namespace json = boost::json;
using scheduler::JobVersion;

json::array keys_json(const std::vector<job::KeyChange>& keys) {
  json::array out;
  for (const job::KeyChange& change : keys)
    out.push_back(json::object{{"key", change.key}, {"before", change.before}, {"after", change.after}});
  return out;
}

json::array texts_json(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

json::array problems_json(const std::vector<job::Problem>& problems) {
  json::array out;
  for (const job::Problem& problem : problems) out.push_back(to_json(problem));
  return out;
}

json::object version_json(const JobVersion& version) {
  return {{"job", version.job},
          {"version", version.version},
          {"present", version.present},
          {"first_seen", utc_text(version.first_seen)},
          {"since", utc_text(version.since)},
          {"actor", version.actor},
          {"effective", time_or_null(version.effective)},
          {"replaces", version.replaces}};
}

json::object change_json(const JobChange& change) {
  return {{"job", change.job},     {"change", to_string(change.kind)},  {"before", change.before},
          {"after", change.after}, {"from", time_or_null(change.from)}, {"keys", keys_json(change.keys)}};
}

json::object report_json(const ReloadReport& report) {
  json::array changes;
  for (const JobChange& change : report.changes) changes.push_back(change_json(change));
  return {{"dry_run", report.dry_run},
          {"jobs", report.jobs},
          {"changes", std::move(changes)},
          {"settings", texts_json(report.settings)},
          {"needs_restart", texts_json(report.restart)},
          {"problems", problems_json(report.problems)}};
}

json::object difference_json(const PlanDifference& difference) {
  json::array slots;
  for (const SlotDifference& slot : difference.slots) {
    slots.push_back(json::object{{"id", scheduler::to_string(slot.id, difference.zone)},
                                 {"scheduled", utc_text(slot.id.scheduled)},
                                 {"change", to_string(slot.kind)},
                                 {"changes", keys_json(slot.changes)}});
  }
  return {{"job", difference.job},
          {"zone", difference.zone},
          {"before", difference.before},
          {"after", difference.after},
          {"keys", keys_json(difference.keys)},
          {"from", utc_text(difference.from)},
          {"to", utc_text(difference.to)},
          {"next", time_or_null(difference.next)},
          {"slots", std::move(slots)},
          {"unchanged", difference.unchanged},
          {"replaced", difference.replaced},
          {"problems", problems_json(difference.problems)}};
}

Result<void> read_texts(
    const json::object& body,
    std::initializer_list<std::pair<std::string_view, std::reference_wrapper<std::string>>> texts) {
  for (const auto& [name, place] : texts) {
    auto text = daemon::body_text(body, name, "");
    if (!text) return text.error();
    place.get() = std::move(*text);
  }
  return {};
}

// "present" stands for the version in force.
awaitable<Result<JobVersion>> find_version(Service& service, std::string job, std::string version) {
  if (version == "present") {
    if (const auto present = find_job(service, job)) version = present->version;
  }
  auto found = co_await service.versions().version(job, version);
  if (!found) {
    co_return Error(
        Errc::not_found,
        fmt::format("find version {} of job {}: it is not kept; list them with sluice versions {}", version,
                    job, job));
  }
  co_return std::move(*found);
}

}  // namespace

awaitable<HttpResponse> versions(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto found = co_await service.versions().versions(values[0]);
  if (found.empty()) {
    co_return problem_response(
        Error(Errc::not_found, fmt::format("find versions of job {}: no such job", values[0])));
  }
  json::array out;
  for (const JobVersion& version : found) out.push_back(version_json(version));
  co_return with_etag(request, json_response(json::object{{"job", values[0]}, {"versions", std::move(out)}}));
}

awaitable<HttpResponse> job_version(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto version = co_await find_version(service, values[0], values[1]);
  if (!version) co_return problem_response(version.error());
  json::object out = version_json(*version);
  out["file"] = as_utf8(version->text.file);  // old ones may have been read from a file of any name
  out["text"] = version->text.text;
  out["script_file"] = version->text.script_file;
  out["script"] = version->text.script;
  out["missing"] = version->text.missing;
  co_return with_etag(request, json_response(out));
}

awaitable<HttpResponse> version_diff(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto before = co_await find_version(service, values[0], values[1]);
  if (!before) co_return problem_response(before.error());
  std::string to = request.parameter("to").value_or("present");
  const auto after = co_await find_version(service, values[0], std::move(to));
  if (!after) co_return problem_response(after.error());
  const auto name = [](const JobVersion& version, const std::string& file) {
    return fmt::format("{} ({})", as_utf8(file), version.version);
  };
  std::string text = unified_diff(before->text.text, after->text.text, name(*before, before->text.file),
                                  name(*after, after->text.file));
  text += unified_diff(before->text.script, after->text.script, name(*before, before->text.script_file),
                       name(*after, after->text.script_file));
  json::object out{{"job", values[0]}, {"before", before->version}, {"after", after->version}};
  const auto old_job = job::read_definition(before->text, service.sources());
  const auto new_job = job::read_definition(after->text, service.sources());
  out["keys"] = old_job && new_job ? keys_json(job::changed_keys(*old_job, *new_job)) : json::array();
  std::string missing;
  if (!old_job) missing = fmt::format("{}: {}", before->version, old_job.error().message());
  if (!new_job)
    missing +=
        fmt::format("{}{}: {}", missing.empty() ? "" : "; ", after->version, new_job.error().message());
  out["missing"] = missing;
  out["diff"] = text;
  co_return with_etag(request, json_response(out));
}

awaitable<HttpResponse> difference(Service& service, const HttpRequest& request, const PathValues& values) {
  DifferenceRequest wanted;
  wanted.job = values[0];
  wanted.from = request.parameter("from").value_or("");
  wanted.to = request.parameter("to").value_or("");
  const auto found = co_await service.difference(std::move(wanted));
  if (!found) co_return problem_response(found.error());
  co_return json_response(difference_json(*found));
}

awaitable<HttpResponse> draft_difference(Service& service, const HttpRequest& request, const PathValues&) {
  const auto body = body_object(request);
  if (!body) co_return problem_response(body.error());
  DifferenceRequest wanted;
  job::DefinitionText draft;
  const auto texts = read_texts(*body, {{"from", wanted.from},
                                        {"to", wanted.to},
                                        {"file", draft.file},
                                        {"text", draft.text},
                                        {"script_file", draft.script_file},
                                        {"script", draft.script}});
  if (!texts) co_return problem_response(texts.error());
  if (draft.text.empty()) {
    co_return problem_response(
        Error(Errc::invalid_argument, "read the body: expected the text of a job file in \"text\""));
  }
  wanted.draft = std::move(draft);
  const auto found = co_await service.difference(std::move(wanted));
  if (!found) co_return problem_response(found.error());
  co_return json_response(difference_json(*found));
}

awaitable<HttpResponse> reload(Service& service, const HttpRequest& request, const PathValues&) {
  const auto body = body_object(request);
  if (!body) co_return problem_response(body.error());
  ReloadRequest wanted;
  wanted.actor = request.actor;
  const auto texts = read_texts(*body, {{"from", wanted.from}});
  if (!texts) co_return problem_response(texts.error());
  const auto dry_run = body_flag(*body, "dry_run");
  if (!dry_run) co_return problem_response(dry_run.error());
  wanted.dry_run = *dry_run;
  const auto report = co_await service.reload(std::move(wanted));
  if (!report) co_return problem_response(report.error());
  co_return json_response(report_json(*report));
}

}  // namespace sluice::daemon::api
