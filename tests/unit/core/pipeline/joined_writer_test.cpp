#include "core/pipeline/joined_writer.hpp"

#include "tests/support/run.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <vector>

using namespace sluice;
using pipeline::ObjectInfo;

namespace {

// Both writers of a test, as seen from outside.
struct World {
  std::vector<std::string> steps;
  std::map<std::string, int> visible;  // by writer, its objects
  std::size_t fail_at = SIZE_MAX;      // the step that fails
  std::string replaced;                // the writer that has deleted what was there

  Result<void> step(const std::string& text) {
    steps.push_back(text);
    if (steps.size() - 1 == fail_at) return Error(Errc::unavailable, text + " failed");
    return {};
  }
};

class FakeWriter final : public pipeline::WindowWriter {
 public:
  FakeWriter(World& world, std::string name) : world_(world), name_(std::move(name)) {}

  awaitable<Result<void>> prepare() override { co_return world_.step("prepare " + name_); }
  pipeline::ShardSink& open(std::uint32_t index) override {
    world_.steps.push_back("open " + name_ + " " + std::to_string(index));
    return sink_;
  }
  void describe(const pipeline::WindowFacts& facts) override {
    world_.steps.push_back("describe " + name_ + " " + facts.definition + " " +
                           std::to_string(facts.records));
  }
  // The first object appears before the second one fails.
  awaitable<Result<std::vector<ObjectInfo>>> commit() override {
    std::vector<ObjectInfo> objects;
    for (const char* object : {"0", "1"}) {
      const auto done = world_.step("commit " + name_ + object);
      if (done.has_error()) co_return done.error();
      ++world_.visible[name_];
      objects.push_back({name_ + object, 1, 1, 1});
    }
    co_return objects;
  }
  awaitable<void> abort() override {
    world_.steps.push_back("abort " + name_);
    if (!has_replaced()) world_.visible.erase(name_);
    co_return;
  }
  bool has_replaced() const noexcept override { return world_.replaced == name_; }

 private:
  class Sink final : public pipeline::ShardSink {
   public:
    awaitable<Result<void>> write(const pipeline::RowBatch&) override { co_return Result<void>(); }
  };

  World& world_;
  std::string name_;
  Sink sink_;
};

pipeline::JoinedWriter joined(World& world) {
  return pipeline::JoinedWriter(std::make_unique<FakeWriter>(world, "table"),
                                std::make_unique<FakeWriter>(world, "window"));
}

// As an attempt does it.
awaitable<Result<std::vector<ObjectInfo>>> attempt(pipeline::WindowWriter& writer) {
  auto prepared = co_await writer.prepare();
  if (prepared.has_error()) {
    co_await writer.abort();
    co_return prepared.error();
  }
  auto objects = co_await writer.commit();
  if (objects.has_error()) co_await writer.abort();
  co_return objects;
}

}  // namespace

TEST_CASE("joined writer: the first objects appear before the window's, and stand before them") {
  sluice::test::Loop loop;
  World world;
  auto writer = joined(world);
  const auto objects = loop.run(attempt(writer));
  REQUIRE(objects.has_value());
  REQUIRE(objects->size() == 4);
  CHECK((*objects)[0].name == "table0");
  CHECK((*objects)[3].name == "window1");
  CHECK(world.steps == std::vector<std::string>{"prepare table", "prepare window", "commit table0",
                                                "commit table1", "commit window0", "commit window1"});
}

TEST_CASE("joined writer: the window's rows and the first ones have sinks of their own") {
  World world;
  auto writer = joined(world);
  writer.open(3);
  writer.first().open(5);
  CHECK(world.steps == std::vector<std::string>{"open window 3", "open table 5"});
}

TEST_CASE("joined writer: whatever step fails, nothing stays") {
  sluice::test::Loop loop;
  for (std::size_t step = 0; step < 6; ++step) {
    World world;
    world.fail_at = step;
    auto writer = joined(world);
    const auto objects = loop.run(attempt(writer));
    CAPTURE(step);
    REQUIRE(objects.has_error());
    CHECK(objects.error().message() == world.steps[step] + " failed");
    CHECK(world.visible.empty());
    CHECK(world.steps[world.steps.size() - 2] == "abort window");
    CHECK(world.steps.back() == "abort table");
  }
}

TEST_CASE("joined writer: the first objects stay where the window's have replaced others") {
  sluice::test::Loop loop;
  World world;
  world.fail_at = 5;
  world.replaced = "window";
  auto writer = joined(world);
  REQUIRE(loop.run(attempt(writer)).has_error());
  CHECK(writer.has_replaced());
  CHECK(world.visible == std::map<std::string, int>{{"table", 2}, {"window", 1}});
}

TEST_CASE("joined writer: the window's objects do not stay for the first ones that replaced others") {
  sluice::test::Loop loop;
  World world;
  world.fail_at = 5;
  world.replaced = "table";
  auto writer = joined(world);
  REQUIRE(loop.run(attempt(writer)).has_error());
  CHECK_FALSE(writer.has_replaced());
  CHECK(world.visible == std::map<std::string, int>{{"table", 2}});
}

TEST_CASE("joined writer: the first objects share the definition with the window's, but no records") {
  World world;
  auto writer = joined(world);
  pipeline::WindowFacts facts;
  facts.definition = "v1";
  facts.records = 7;
  writer.describe(facts);
  CHECK(world.steps == std::vector<std::string>{"describe table v1 0", "describe window v1 7"});
}
