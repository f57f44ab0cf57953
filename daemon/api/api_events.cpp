// What is told as it happens: changes of states, and logs as they grow.
#include "core/base/utf8.hpp"
#include "daemon/api/api.hpp"
#include "daemon/api/api_json.hpp"
#include "daemon/api/event_stream.hpp"
#include "daemon/api/log_stream.hpp"
#include "daemon/http/problem.hpp"

namespace sluice::daemon::api {

awaitable<HttpResponse> events(Service& service, const HttpRequest& request, const PathValues&) {
  const std::string job = request.parameter("job").value_or("");
  if (!job.empty() && !service.jobs().find(job)) co_return problem_response(no_such_job(job));
  // The header is the newer one: a browser that connects anew repeats the address it began with.
  std::string after = request.last_event_id;
  if (after.empty()) after = request.parameter("after").value_or("");
  co_return event_response(std::make_shared<EventStream>(service.events(), job, after));
}

awaitable<HttpResponse> log_stream(Service& service, const HttpRequest& request, const PathValues& values) {
  const auto id = scheduler::parse_instance_id(values[0]);
  if (!id) co_return problem_response(id.error());
  const auto found = co_await service.store().instance(*id);
  if (!found) co_return problem_response(scheduler::none_planned(*id));
  const auto attempt = number_parameter(request, "attempt", 0, 0, 1'000'000);
  if (!attempt) co_return problem_response(attempt.error());
  const auto offset = number_parameter(request, "offset", 0, 0, std::uint64_t{1} << 62);
  if (!offset) co_return problem_response(offset.error());
  LogPlace place;
  place.attempt = static_cast<int>(*attempt);
  place.offset = *offset;
  if (!request.last_event_id.empty()) {
    const auto resumed = log_place(request.last_event_id);
    if (!resumed) {
      co_return problem_response(
          Error(Errc::invalid_argument, fmt::format("read Last-Event-ID: expected ATTEMPT:OFFSET, got \"{}\"",
                                                    foreign_line(request.last_event_id, 100))));
    }
    place = *resumed;
  }
  const bool follow = *attempt == 0;
  co_return event_response(std::make_shared<LogStream>(service, *id, place, follow));
}

}  // namespace sluice::daemon::api
