// Fuzz target of the small answers that servers give: the first byte selects whose, the second its status.
// What a server says goes into messages of one line, and never with a secret that it repeats.

#include "core/http/role_credentials.hpp"
#include "core/oss/oss_error.hpp"
#include "core/s3/s3_error.hpp"
#include "core/tablestore/ots_error.hpp"
#include "daemon/remote_api.hpp"
#include "tests/fuzz/check.hpp"

#include <boost/json.hpp>

#include <array>
#include <string>

namespace {

using namespace sluice;
using fuzz::check;

constexpr std::array kStatuses = {200, 204, 301, 400, 401, 403, 404, 409, 412, 429, 500, 503};

void check_line(std::string_view text) {
  check(!text.empty() && text.size() <= 5000);
  for (const char c : text) check(c != '\n' && c != '\r' && c != '\0');
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
  check(tablestore::to_error(error, "describe table orders").code() == tablestore::errc_of(error));
}

// Of the daemon, for the command line: a document, or a failure with an exit code.
void daemon_answer(const http::Response& answer) {
  try {
    const boost::json::value document = daemon::read_answer(answer.status, answer.body);
    check(answer.status < 400);
    // Not the same document: the library is off by a last digit of some numbers.
    (void)daemon::read_answer(200, boost::json::serialize(document));
  } catch (const daemon::CommandFailure& failure) {
    check(failure.what()[0] != '\0' && failure.exit() != daemon::Exit::done);
  }
}

constexpr std::array kReaders = {role_keys, oss_error, s3_error, table_store_error, daemon_answer};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view rest = fuzz::text_of(data + 2, size - 2);
  http::Response answer;
  answer.status = kStatuses[(data[1] + 256U - 'a') % kStatuses.size()];
  // A line with the value of the header that a body may be replaced by.
  answer.headers.emplace_back("x-oss-err", fuzz::take_part(rest, '\n'));
  answer.body = rest;
  kReaders[(data[0] + 256U - 'a') % kReaders.size()](answer);
  return 0;
}
