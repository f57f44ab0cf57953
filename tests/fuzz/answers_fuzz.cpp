// Fuzz target of the small answers that servers give: the first byte selects whose, the second its status.
// What a server says goes into messages of one line, and never with a secret that it repeats.

#include "core/http/retry_after.hpp"
#include "core/http/role_credentials.hpp"
#include "core/oss/oss_error.hpp"
#include "core/s3/s3_error.hpp"
#include "core/tablestore/ots_error.hpp"
#include "daemon/alerts/channel_webhook.hpp"
#include "daemon/client/remote_api.hpp"
#include "tests/fuzz/check.hpp"

#include <boost/json.hpp>

#include <array>
#include <string>

namespace {

using namespace sluice;
using fuzz::check;

constexpr std::array kStatuses = {200, 204, 301, 400, 401, 403, 404, 409, 412, 429, 500, 503};

constexpr std::size_t kLineMax = 5000;

void check_line(std::string_view text) {
  check(!text.empty());
  fuzz::check_line(text, kLineMax);
}

void role_keys(const http::Response& answer) {
  const auto keys = http::parse_role_keys(answer.body);
  if (!keys) {
    check(keys.error().code() == Errc::corrupt);
    return check_line(keys.error().message());
  }
  check(!keys->access_id.empty() && !keys->key.empty() && !keys->token.empty() && keys->expires.has_value());
  // They go into headers.
  for (const char c : keys->access_id + keys->key.reveal() + keys->token.reveal())
    check(c > ' ' && c < '\x7f');
}

void oss_error(const http::Response& answer) {
  const oss::ServerError error = oss::parse_server_error(answer);
  check(error.status == answer.status && error.message.size() <= 310);
  (void)oss::retry_of(error);
  (void)oss::errc_of(error);
  check_line(oss::describe(error));
}

void s3_error(const http::Response& answer) {
  const s3::ServerError error = s3::parse_server_error(answer);
  (void)s3::retry_of(error);
  (void)s3::errc_of(error);
  check_line(s3::describe(error));
}

void table_store_error(const http::Response& answer) {
  const tablestore::ServerError error = tablestore::parse_server_error(answer);
  (void)tablestore::retry_class_of(error);
  const Error told = tablestore::to_error(error, "describe table orders");
  check(told.code() == tablestore::errc_of(error));
  check_line(told.message());
}

// Of the daemon, for the command line: a document, or a failure with an exit code.
void daemon_answer(const http::Response& answer) {
  try {
    const boost::json::value document = daemon::read_answer("/run/sluice.sock", answer.status, answer.body);
    check(answer.status >= 200 && answer.status < 300);
    // Not the same document: the library is off by a last digit of some numbers.
    (void)daemon::read_answer("/run/sluice.sock", 200, boost::json::serialize(document));
  } catch (const daemon::CommandFailure& failure) {
    check(failure.what()[0] != '\0' && failure.exit() != daemon::Exit::done);
  }
}

// Of those who get notices; the token in the address stays hidden even if they repeat it.
void webhook(const http::Response& answer) {
  daemon::WebhookSecrets secrets;
  secrets.url = "https://robot.example/send?access_token=t0kent0ken";
  using Shape = daemon::WebhookShape;
  for (const Shape shape : {Shape::generic, Shape::dingtalk, Shape::wecom, Shape::feishu, Shape::slack}) {
    const auto taken = daemon::webhook_answer(shape, answer);
    check(!taken || answer.status < 300);
    if (taken) continue;
    check_line(taken.error().message());
    const std::string shown = daemon::mask_secrets(taken.error().message(), secrets);
    check(shown.find("t0kent0ken") == std::string::npos);
  }
}

// How long we are asked to wait: bounded, and only by who may ask for it.
void retry_after(const http::Response& answer) {
  http::Response asking = answer;
  asking.headers.emplace_back("Retry-After", answer.header("x-oss-err"));
  asking.headers.emplace_back("Date", answer.body);
  const auto pause = http::asked_pause(asking, Instant(std::chrono::seconds(1'539'620'100)));
  check(!pause || ((answer.status == 429 || answer.status == 503) && *pause >= Duration(0) &&
                   *pause <= std::chrono::seconds(60)));
}

constexpr std::array kReaders = {role_keys,     oss_error, s3_error,   table_store_error,
                                 daemon_answer, webhook,   retry_after};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view rest = fuzz::text_of(data + 2, size - 2);
  http::Response answer;
  answer.status = kStatuses[fuzz::choice(data[1], kStatuses.size())];
  // A line with the value of the header that a body may be replaced by.
  answer.headers.emplace_back("x-oss-err", fuzz::take_part(rest, '\n'));
  answer.body = rest;
  kReaders[fuzz::choice(data[0], kReaders.size())](answer);
  return 0;
}
