#include "core/http/repeat.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;
using http::Attempts;
using http::Retry;

namespace {

const Instant kNow = std::chrono::sys_days(std::chrono::year(2018) / 10 / 16);

http::Response dated(const std::string& date) {
  http::Response response;
  response.headers.emplace_back("Date", date);
  return response;
}

}  // namespace

TEST_CASE("http attempts: five, with pauses that double and differ by chance", "[repeat]") {
  SeededRandom random(1);
  Attempts attempts;
  for (Duration longest = 200ms; longest <= 1600ms; longest *= 2) {
    attempts.begin();
    const auto pause = attempts.pause(Retry::always, std::nullopt, random);
    REQUIRE(pause);
    CHECK(*pause >= longest / 2);
    CHECK(*pause <= longest);
  }
  attempts.begin();
  CHECK(attempts.begun() == 5);
  CHECK_FALSE(attempts.pause(Retry::always, std::nullopt, random));
}

TEST_CASE("http attempts: what is good for one repeat is final the second time", "[repeat]") {
  SeededRandom random(1);
  for (const Retry retry : {Retry::once, Retry::correct_clock, Retry::renew_keys}) {
    Attempts attempts;
    attempts.begin();
    const auto pause = attempts.pause(retry, 7s, random);
    REQUIRE(pause);
    CHECK((*pause == 0s) == (retry != Retry::once));
    attempts.begin();
    CHECK_FALSE(attempts.pause(retry, std::nullopt, random));
    CHECK(attempts.pause(Retry::always, std::nullopt, random));
  }
  Attempts attempts;
  attempts.begin();
  CHECK_FALSE(attempts.pause(Retry::never, 7s, random));
}

TEST_CASE("http attempts: a pause that the server asks for is kept, and a little more", "[repeat]") {
  SeededRandom random(1);
  Attempts attempts;
  attempts.begin();
  const auto pause = attempts.pause(Retry::always, 8s, random);
  REQUIRE(pause);
  CHECK(*pause >= 8s);
  CHECK(*pause <= 9s);
  CHECK(http::repeat_line("put object a: 503", 2, 250ms) == "put object a: 503; attempt 2 in 250 ms");
}

TEST_CASE("http clock: the server's time counts where it is plausible", "[repeat]") {
  const auto none = dated("");
  CHECK(http::clock_offset_of("2018-10-16T03:00:00.000Z", none, kNow) == 3h);
  CHECK(http::clock_offset_of("", dated("Mon, 15 Oct 2018 23:00:00 GMT"), kNow) == -1h);
  CHECK(http::clock_offset_of("2018-10-16T03:00:00Z", dated("Mon, 15 Oct 2018 23:00:00 GMT"), kNow) == 3h);
  CHECK(http::clock_offset_of("soon", dated("Mon, 15 Oct 2018 23:00:00 GMT"), kNow) == -1h);
  CHECK_FALSE(http::clock_offset_of("1970-01-01T00:00:00.000Z", none, kNow));
  CHECK_FALSE(http::clock_offset_of("2400-01-01T00:00:00.000Z", none, kNow));
  CHECK_FALSE(http::clock_offset_of("", none, kNow));
}
