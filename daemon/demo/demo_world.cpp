#include "daemon/demo/demo_world.hpp"

#include "daemon/demo/sandbox_process.hpp"

#include <boost/json.hpp>

namespace sluice::daemon {
namespace {

namespace json = boost::json;

constexpr std::size_t kObjectBytesMax = 256 * 1024 * 1024;

oss::ClientOptions oss_options(const std::string& endpoint) {
  oss::ClientOptions options;
  options.endpoint = endpoint;
  options.bucket = "archive";
  options.credentials = http::fixed_credentials(
      {std::string(SandboxProcess::kAccessId), Secret(std::string(SandboxProcess::kAccessKey))});
  return options;
}

std::int64_t milliseconds(Instant instant) {
  return std::chrono::floor<std::chrono::milliseconds>(instant).time_since_epoch().count();
}

}  // namespace

DemoWorld::DemoWorld(http::Transport& transport, Clock& clock, Random& random, const std::string& endpoint)
    : transport_(transport),
      endpoint_(http::parse_endpoint(endpoint).value()),
      client_(transport, clock, random, oss_options(endpoint), oss::address_of(oss_options(endpoint)).value(),
              [](std::string_view) {}) {}

awaitable<Result<void>> DemoWorld::create() {
  json::array key;
  key.push_back(json::object{{"name", "uid"}, {"type", "STRING"}});
  json::object table{{"instance", "demo"}, {"table", "orders"}};
  table["primary_key"] = std::move(key);
  const auto created = co_await post("create_table", std::move(table));
  if (!created) co_return created.error();
  json::object bucket;
  bucket["bucket"] = "archive";
  const auto made = co_await post("create_bucket", std::move(bucket));
  if (!made) co_return made.error();
  co_return Result<void>();
}

awaitable<Result<std::uint64_t>> DemoWorld::fill(std::uint64_t changes, Instant from, Instant to) {
  json::object request{{"rows", changes}, {"from_ms", milliseconds(from)}, {"to_ms", milliseconds(to)}};
  return fill(std::move(request));
}

awaitable<Result<std::uint64_t>> DemoWorld::fill_now(std::uint64_t changes) {
  json::object request{{"rows", changes}};
  return fill(std::move(request));
}

awaitable<Result<std::uint64_t>> DemoWorld::fill(json::object request) {
  json::array columns;
  columns.emplace_back("name");
  json::array kinds;
  kinds.emplace_back("string");
  request["instance"] = "demo";
  request["table"] = "orders";
  request["columns"] = std::move(columns);
  request["kinds"] = std::move(kinds);
  request["seed"] = ++seed_;
  const auto filled = co_await post("fill", std::move(request));
  if (!filled) co_return filled.error();
  co_return filled->at("puts").to_number<std::uint64_t>() + filled->at("updates").to_number<std::uint64_t>();
}

awaitable<Result<std::string>> DemoWorld::object(const std::string& name) {
  return client_.get_object(name, kObjectBytesMax);
}

awaitable<Result<json::object>> DemoWorld::post(std::string call, json::object content) {
  const std::string body = json::serialize(content);
  http::Request request;
  request.method = "POST";
  request.target = "/_sandbox/" + call;
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = body;
  const auto answer = co_await transport_.send(endpoint_, request);
  if (!answer) co_return answer.error().in("sandbox " + call);
  if (answer->status != 200) {
    co_return Error(Errc::unavailable, fmt::format("sandbox {}: {} {}", call, answer->status, answer->body));
  }
  co_return json::parse(answer->body).as_object();
}

}  // namespace sluice::daemon
