#include "core/stream/row_printer.hpp"

#include "core/base/system_clock.hpp"
#include "core/pipeline/dirty_limit.hpp"
#include "tests/support/catch_result.hpp"
#include "tests/support/run_loop.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <thread>
#include <unistd.h>

using namespace sluice;

namespace {

class TextOutput final : public stream::RowOutput {
 public:
  Result<void> write(std::string_view bytes) override {
    if (failure) return *failure;
    text += bytes;
    return {};
  }
  std::string text;
  std::optional<Error> failure;
};

class Lines final : public pipeline::Log {
 public:
  void line(pipeline::Level, std::string_view text) noexcept override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

pipeline::RowBatch batch_of(const std::vector<std::array<std::string_view, 2>>& rows) {
  pipeline::RowBatch batch(2);
  for (const auto& row : rows) {
    pipeline::Value* value = batch.append_row();
    for (const std::string_view text : row) {
      value->type = pipeline::ValueType::string;
      value->text = text;
      ++value;
    }
  }
  return batch;
}

struct Fixture {
  Fixture() {
    target.kind = job::TargetKind::stream;
    target.columns = {"id", "name"};
  }
  std::unique_ptr<pipeline::WindowWriter> begin() {
    writer = stream::make_writer({clock, output}, target, settings).value();
    return writer->begin(window, statistics, log, dirty);
  }
  template <class T>
  T run(awaitable<T> task) {
    return sluice::test::run_loop<T>(loop, std::move(task));
  }

  boost::asio::io_context loop{1};
  SystemClock clock;
  TextOutput output;
  job::Target target;
  job::Settings settings;
  pipeline::Window window;
  pipeline::Statistics statistics;
  Lines log;
  pipeline::DirtyLimit dirty{settings.error_limit, {}, statistics, log};
  std::unique_ptr<pipeline::Writer> writer;
};

}  // namespace

TEST_CASE("stream: rows are printed in the job's format, below one header", "[stream]") {
  struct Case {
    job::FileFormat format;
    const char* text;
  };
  const Case cases[] = {
      {job::FileFormat::csv, "id,name\n1,\"a,b\"\n2,c\n3,d\n"},
      {job::FileFormat::text, "id,name\n1,a,b\n2,c\n3,d\n"},
  };
  for (const auto& [format, text] : cases) {
    Fixture f;
    f.target.file_format = format;
    f.target.header = {"id", "name"};
    const auto printer = f.begin();
    REQUIRE(f.run(printer->prepare()));
    const auto first = batch_of({{"1", "a,b"}, {"2", "c"}});
    const auto second = batch_of({{"3", "d"}});
    REQUIRE(f.run(printer->open(0).write(first)));
    REQUIRE(f.run(printer->open(1).write(second)));
    const auto objects = f.run(printer->commit());
    REQUIRE(objects);
    CHECK(objects->empty());
    CHECK(f.output.text == text);
    CHECK(f.statistics.written_bytes == f.output.text.size());
    CHECK(f.log.lines.back() == "printed 3 rows");
    CHECK(f.writer->object_name(f.window, 0) == "stdout");
  }
}

TEST_CASE("stream: json lines name the columns", "[stream]") {
  Fixture f;
  f.target.file_format = job::FileFormat::jsonl;
  const auto printer = f.begin();
  const auto rows = batch_of({{"1", "a"}});
  REQUIRE(f.run(printer->open(0).write(rows)));
  CHECK(f.output.text == "{\"id\":\"1\",\"name\":\"a\"}\n");
}

TEST_CASE("stream: a window without rows prints its header and succeeds", "[stream]") {
  Fixture f;
  f.target.header = {"id", "name"};
  const auto printer = f.begin();
  REQUIRE(f.run(printer->prepare()));
  REQUIRE(f.run(printer->commit()));
  CHECK(f.output.text == "id,name\n");
}

TEST_CASE("stream: a reader that goes away makes the attempt fail, and says what was printed", "[stream]") {
  Fixture f;
  const auto printer = f.begin();
  const auto rows = batch_of({{"1", "a"}});
  REQUIRE(f.run(printer->open(0).write(rows)));
  f.output.failure = Error(Errc::unavailable, "print rows: nobody reads standard output any more");
  const auto written = f.run(printer->open(0).write(rows));
  REQUIRE_FALSE(written);
  CHECK(written.error().code() == Errc::unavailable);
  f.run(printer->abort());
  CHECK(f.log.lines.back() == "1 rows were printed before that");
}

TEST_CASE("stream: an attempt that ends before its first row has nothing to tell", "[stream]") {
  Fixture f;
  const auto printer = f.begin();
  REQUIRE(f.run(printer->prepare()));
  f.run(printer->abort());
  CHECK(f.output.text.empty());
  CHECK(f.log.lines.empty());
}

TEST_CASE("stream: a row that cannot be encoded is left out, and too many of them end the attempt",
          "[stream]") {
  Fixture f;
  f.target.encoding = "GBK";
  f.begin();
  pipeline::DirtyLimit one{{1}, {}, f.statistics, f.log};
  const auto printer = f.writer->begin(f.window, f.statistics, f.log, one);
  const auto rows = batch_of({{"1", "a"}, {"2", "\xF0\x9F\x98\x80"}, {"3", "b"}});
  REQUIRE(f.run(printer->open(0).write(rows)));
  CHECK(f.output.text == "1,a\n3,b\n");
  CHECK(f.statistics.dirty_rows == 1);
  const auto second = f.run(printer->open(0).write(rows));
  REQUIRE_FALSE(second);
  CHECK(second.error().code() == Errc::dirty_limit);
}

TEST_CASE("stream: a format that cannot be is refused before a window begins", "[stream]") {
  Fixture f;
  f.target.encoding = "no such";
  CHECK(stream::make_writer({f.clock, f.output}, f.target, f.settings).error().code() ==
        Errc::invalid_argument);
}

TEST_CASE("stream: a pipe that is full for now is waited for", "[stream]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_NONBLOCK) == 0);
  const std::string text(1 << 20, 'x');  // a pipe holds 64 KiB
  std::thread writer([&] {
    static_cast<void>(stream::make_row_output(ends[1])->write(text));
    ::close(ends[1]);
  });
  std::string got;
  for (;;) {
    pollfd waiting{ends[0], POLLIN, 0};
    ::poll(&waiting, 1, -1);
    std::array<char, 4096> part{};
    const ssize_t count = ::read(ends[0], part.data(), part.size());
    if (count <= 0) break;
    got.append(part.data(), static_cast<std::size_t>(count));
  }
  writer.join();
  CHECK(got == text);
  ::close(ends[0]);
}

TEST_CASE("stream: a broken pipe is an error and no death", "[stream]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const auto output = stream::make_row_output(ends[1]);
  REQUIRE(output->write("hello\n"));
  std::array<char, 6> read{};
  CHECK(::read(ends[0], read.data(), read.size()) == 6);
  CHECK(std::string(read.begin(), read.end()) == "hello\n");
  ::close(ends[0]);
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  const auto written = output->write("more\n");
  std::signal(SIGPIPE, before);
  REQUIRE_FALSE(written);
  CHECK(written.error().message() == "print rows: nobody reads standard output any more");
  ::close(ends[1]);
  CHECK_FALSE(output->write("x"));
}
