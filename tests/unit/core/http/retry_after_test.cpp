#include "core/http/retry_after.hpp"

#include "tests/support/catch_result.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::http;
using namespace std::chrono;

namespace {

const Instant kNow = sys_days(year(2018) / 10 / 16);

std::optional<Duration> asked(int status, const std::string& text, const std::string& date = {}) {
  Response answer;
  answer.status = status;
  answer.headers = {{"retry-after", text}};
  if (!date.empty()) answer.headers.emplace_back("Date", date);
  return asked_pause(answer, kNow);
}

}  // namespace

TEST_CASE("retry after: seconds are taken as they are, up to a minute", "[http]") {
  CHECK(asked(429, "7") == seconds(7));
  CHECK(asked(503, " 0 ") == seconds(0));
  CHECK(asked(503, "60") == seconds(60));
  CHECK(asked(503, "61") == seconds(60));
  CHECK(asked(503, "99999999999999999999") == seconds(60));
}

TEST_CASE("retry after: a date is seen from the server's clock, or from ours without it", "[http]") {
  CHECK(asked(503, "Tue, 16 Oct 2018 00:00:09 GMT") == seconds(9));
  CHECK(asked(503, "Tue, 16 Oct 2018 02:00:09 GMT", "Tue, 16 Oct 2018 02:00:04 GMT") == seconds(5));
  CHECK(asked(503, "Mon, 15 Oct 2018 23:00:00 GMT") == seconds(0));
  CHECK(asked(503, "Tue, 16 Oct 2018 09:00:00 GMT") == seconds(60));
}

TEST_CASE("retry after: other answers and other texts ask for nothing", "[http]") {
  CHECK_FALSE(asked(500, "7").has_value());
  CHECK_FALSE(asked(200, "7").has_value());
  for (const char* text : {"", "-7", "7.5", "soon", "7s", "2018-10-16T00:00:09Z"}) {
    INFO(text);
    CHECK_FALSE(asked(503, text).has_value());
  }
  CHECK_FALSE(asked_pause(Response(), kNow).has_value());
}

TEST_CASE("retry after: nobody comes back early, and nobody much later", "[http]") {
  SeededRandom random(3);
  CHECK(spread(Duration(0), random) == Duration(0));
  Duration least = seconds(99);
  Duration most{0};
  for (int i = 0; i < 200; ++i) {
    const Duration pause = spread(seconds(8), random);
    least = std::min(least, pause);
    most = std::max(most, pause);
  }
  CHECK(least >= seconds(8));
  CHECK(least < milliseconds(8100));
  CHECK(most <= seconds(9));
  CHECK(most > milliseconds(8900));
}
