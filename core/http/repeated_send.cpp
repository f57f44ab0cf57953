#include "core/http/repeated_send.hpp"

#include "core/http/retry_after.hpp"

#include <utility>

namespace sluice::http {

Failure no_answer(const Error& error, std::string_view doing) {
  Failure failure;
  failure.retry = is_transient(error.code()) ? Retry::always : Retry::never;
  failure.error = error.in(doing);
  return failure;
}

void prepare_retry(Failure& failure, std::string_view server_time, const Response& response,
                   const Credentials& refused, const RepeatPorts& ports, Duration& clock_offset) {
  const Instant now = ports.clock.now();
  if (failure.retry == Retry::correct_clock) {
    const std::optional<Duration> offset = clock_offset_of(server_time, response, now);
    if (offset) clock_offset = *offset;
    if (!offset) failure.retry = Retry::never;
  }
  if (failure.retry == Retry::renew_keys && !ports.keys.renew(refused)) failure.retry = Retry::never;
  failure.pause = asked_pause(response, now + clock_offset);
}

awaitable<Outcome> send_repeatedly(RepeatPorts ports, std::string doing, Attempts& attempts,
                                   std::function<awaitable<Outcome>(Credentials)> attempt) {
  while (true) {
    attempts.begin();
    Result<Credentials> credentials = co_await ports.keys.get();
    if (!credentials) {
      Failure failure;
      failure.error = credentials.error().in(doing);
      co_return failure;
    }
    awaitable<Outcome> one = attempt(std::move(*credentials));
    Outcome outcome = co_await std::move(one);
    if (outcome) co_return outcome;
    const Failure& failure = outcome.error();
    const std::optional<Duration> pause = attempts.pause(failure.retry, failure.pause, ports.random);
    if (!pause) co_return outcome;
    ports.on_retry(repeat_line(failure.error.message(), attempts.begun() + 1, *pause));
    co_await ports.clock.sleep_for(*pause);
  }
}

}  // namespace sluice::http
