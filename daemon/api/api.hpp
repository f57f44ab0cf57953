#pragma once
// The handlers behind /api/v1 (docs/api.md). JSON in and out; everything they need comes from the Service.

#include "daemon/api/router.hpp"

#include <boost/json/object.hpp>

namespace sluice::daemon::api {

// What the body of a batch may have: 2,000 ids of the longest name, and a reason.
inline constexpr std::string_view kBatchPath = "/api/v1/batch";
inline constexpr std::uint64_t kBatchBytesMax = 320 * 1024;

awaitable<HttpResponse> session(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> version(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> status(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> jobs(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> job(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> windows(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> plan(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> instances(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> instance(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> why(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> blocked(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> logs(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> log_stream(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> events(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> coverage(Service& service, const HttpRequest& request, const PathValues& values);

awaitable<HttpResponse> versions(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> job_version(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> version_diff(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> difference(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> draft_difference(Service& service, const HttpRequest& request,
                                         const PathValues& values);
awaitable<HttpResponse> audit(Service& service, const HttpRequest& request, const PathValues& values);

awaitable<HttpResponse> rerun(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> kill(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> freeze(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> unfreeze(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> set_success(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> skip(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> priority(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> release(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> downstream(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> batch(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> pause(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> resume(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> backfills(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> backfill(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> create_backfill(Service& service, const HttpRequest& request,
                                        const PathValues& values);
awaitable<HttpResponse> preview_backfill(Service& service, const HttpRequest& request,
                                         const PathValues& values);
awaitable<HttpResponse> pause_backfill(Service& service, const HttpRequest& request,
                                       const PathValues& values);
awaitable<HttpResponse> resume_backfill(Service& service, const HttpRequest& request,
                                        const PathValues& values);
awaitable<HttpResponse> cancel_backfill(Service& service, const HttpRequest& request,
                                        const PathValues& values);

awaitable<HttpResponse> verify(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> backup(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> reload(Service& service, const HttpRequest& request, const PathValues& values);

awaitable<HttpResponse> incidents(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> incident(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> acknowledge(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> test_alert(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> delivery(Service& service, const HttpRequest& request, const PathValues& values);

// The instance as listings show it; nothing if there is none.
awaitable<std::optional<scheduler::Instance>> shown_instance(Service& service, scheduler::InstanceId id);

// Puts down in the audit log what changes nothing else in the store.
awaitable<void> note_action(Service& service, std::string actor, std::string action, std::string target,
                            std::string detail);

// The text member `name` of the JSON object in the request's body; invalid_argument without it.
Result<std::string> body_text(const HttpRequest& request, std::string_view name);

// The body's object; none is an empty one, unless it is `required`. invalid_argument.
Result<boost::json::object> body_object(const HttpRequest& request, bool required = false);

// Adds "incidents_open" and the first few "incidents" to the answer of /api/v1/status.
awaitable<void> add_open_incidents(Service& service, boost::json::object& out);

}  // namespace sluice::daemon::api

namespace sluice::daemon::pages {

awaitable<HttpResponse> healthz(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> readyz(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> metrics(Service& service, const HttpRequest& request, const PathValues& values);
awaitable<HttpResponse> asset(Service& service, const HttpRequest& request, const PathValues& values);

}  // namespace sluice::daemon::pages
