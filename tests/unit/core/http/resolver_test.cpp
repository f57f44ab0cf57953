#include "core/http/resolver.hpp"

#include "core/base/system_clock.hpp"
#include "tests/unit/core/http/loopback.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <pthread.h>

using namespace sluice;
using namespace sluice::http;
using namespace sluice::http::test;
using boost::asio::ip::make_address;

namespace {

struct Fixture {
  asio::io_context io{1};
  VirtualClock clock{io, Instant{}};
  std::atomic<int> lookups = 0;

  // Each look-up finds the next address: 10.0.0.1, 10.0.0.2, ...
  Lookup counting() {
    return [this](const std::string&) -> Result<Addresses> {
      return Addresses(1, make_address(fmt::format("10.0.0.{}", ++lookups)));
    };
  }

  std::string resolve(Resolver& resolver, const std::string& host) {
    const auto addresses = run(io, resolver.resolve(host, std::chrono::seconds(5)));
    return addresses ? addresses->front().to_string() : addresses.error().message();
  }
};

// While it lives no thread can be started: none has room for such a stack.
class NoThreads {
 public:
  NoThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    pthread_attr_init(&huge);
    pthread_attr_setstacksize(&huge, std::size_t{1} << 50);
    pthread_setattr_default_np(&huge);
    pthread_attr_destroy(&huge);
  }
  ~NoThreads() {
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_{};
};

}  // namespace

TEST_CASE("resolver: literal addresses are not looked up", "[http]") {
  Fixture f;
  Resolver resolver(f.io.get_executor(), f.clock, f.counting());
  CHECK(f.resolve(resolver, "127.0.0.1") == "127.0.0.1");
  CHECK(f.resolve(resolver, "::1") == "::1");
  CHECK(f.lookups == 0);
}

TEST_CASE("resolver: a name is looked up once and refreshed in the background after a minute", "[http]") {
  Fixture f;
  Resolver resolver(f.io.get_executor(), f.clock, f.counting());
  CHECK(f.resolve(resolver, "host") == "10.0.0.1");
  f.clock.advance(std::chrono::seconds(59));
  CHECK(f.resolve(resolver, "host") == "10.0.0.1");
  CHECK(f.lookups == 1);
  f.clock.advance(std::chrono::seconds(1));
  CHECK(f.resolve(resolver, "host") == "10.0.0.1");
  // The refresh ends on its own thread; resolving goes on meanwhile.
  while (f.resolve(resolver, "host") == "10.0.0.1") std::this_thread::yield();
  CHECK(f.resolve(resolver, "host") == "10.0.0.2");
  CHECK(f.lookups == 2);
}

TEST_CASE("resolver: a forgotten name is looked up again at once", "[http]") {
  Fixture f;
  Resolver resolver(f.io.get_executor(), f.clock, f.counting());
  CHECK(f.resolve(resolver, "host") == "10.0.0.1");
  resolver.forget("host");
  CHECK(f.resolve(resolver, "host") == "10.0.0.2");
}

TEST_CASE("resolver: a failed look-up is reported and not kept", "[http]") {
  Fixture f;
  int calls = 0;
  Resolver resolver(f.io.get_executor(), f.clock, [&](const std::string& host) -> Result<Addresses> {
    if (++calls == 1) return Error(Errc::unavailable, "resolve " + host + ": no such name");
    return Addresses(1, make_address("10.0.0.9"));
  });
  CHECK(f.resolve(resolver, "host") == "resolve host: no such name");
  CHECK(f.resolve(resolver, "host") == "10.0.0.9");
}

TEST_CASE("resolver: a hanging name server costs the limit, not the program", "[http]") {
  Fixture f;
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  SystemClock clock;
  auto resolver = std::make_unique<Resolver>(f.io.get_executor(), clock, [released](const std::string&) {
    released.wait();
    return Result<Addresses>(Addresses(1, make_address("10.0.0.1")));
  });
  const auto addresses = run(f.io, resolver->resolve("host", std::chrono::milliseconds(10)));
  REQUIRE(addresses.has_error());
  CHECK(addresses.error().code() == Errc::timeout);
  CHECK(addresses.error().message() == "resolve host took longer than 10 ms");
  resolver.reset();  // does not wait for the thread
  release.set_value();
}

TEST_CASE("resolver: the system knows localhost and says why it does not know a name", "[http]") {
  const auto local = system_lookup("localhost");
  REQUIRE(local.has_value());
  CHECK(local->front().is_loopback());
  const auto unknown = system_lookup("no such host");
  REQUIRE(unknown.has_error());
  CHECK(unknown.error().code() == Errc::unavailable);
  CHECK(unknown.error().message().starts_with("resolve no such host: "));
}

TEST_CASE("resolver: when the look-up fails later, what was known goes on to be used", "[http]") {
  Fixture f;
  // A look-up may still be under way on its thread when the test is over.
  const auto calls = std::make_shared<std::atomic<int>>(0);
  Resolver resolver(f.io.get_executor(), f.clock, [calls](const std::string&) -> Result<Addresses> {
    const int call = ++*calls;
    if (call == 2) return Error(Errc::unavailable, "no name server");
    return Addresses(1, make_address(call == 1 ? "10.0.0.1" : "10.0.0.2"));
  });
  std::string found = f.resolve(resolver, "host");
  // The second look-up fails in the background; a third one is made for a later question.
  while (found == "10.0.0.1") {
    f.clock.advance(std::chrono::minutes(1));
    found = f.resolve(resolver, "host");
    std::this_thread::yield();
  }
  CHECK(found == "10.0.0.2");
  CHECK(*calls >= 3);
}

TEST_CASE(
    "resolver: without a thread to look up with a new name fails, and what was known goes on to be used",
    "[http]") {
  Fixture f;
  Resolver resolver(f.io.get_executor(), f.clock, f.counting());
  CHECK(f.resolve(resolver, "host") == "10.0.0.1");
  f.clock.advance(std::chrono::minutes(2));
  {
    const NoThreads none;
    CHECK(f.resolve(resolver, "host") == "10.0.0.1");
    CHECK(f.resolve(resolver, "host") == "10.0.0.1");
    CHECK_THAT(f.resolve(resolver, "other"), Catch::Matchers::StartsWith("resolve other: start a thread: "));
  }
  CHECK(f.lookups == 1);
  CHECK(f.resolve(resolver, "other") == "10.0.0.2");
}
