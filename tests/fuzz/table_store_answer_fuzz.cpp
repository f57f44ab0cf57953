// Fuzz target of the Table Store client: any answers to any operation. They are signed as the service signs
// them, unless a bit says otherwise, so that what lies behind the signature is reached. No error shows a
// secret, and no call goes on for ever.
//
// Input: a byte that selects the operation, then answers, each a byte of flags, one for the status, two of
// length, and the body.

#include "core/http/crypto.hpp"
#include "core/http/deflate.hpp"
#include "core/tablestore/client.hpp"
#include "core/tablestore/row_codec.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/plain_buffer_repair.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_transport.hpp"

namespace {

using namespace sluice;
using namespace sluice::tablestore;

constexpr std::string_view kKey = "secretEXAMPLEkey";
constexpr std::string_view kToken = "stsEXAMPLEtoken";
constexpr std::size_t kAnswersMax = 8;
constexpr std::size_t kBytesMax = 16 * 1024;

struct Flags {
  bool is_genuine, is_packed, is_bare, has_other_size;
};

http::Response answer_of(std::string_view& input, const std::string& operation) {
  constexpr int kStatuses[] = {200, 403, 500, 503, 404, 400, 429, 409};
  http::Response answer;
  if (input.size() < 4) {
    answer.status = 404;
    input = {};
    return answer;
  }
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(input[at]); };
  const Flags flags{(byte(0) & 1U) == 0, (byte(0) & 2U) != 0, (byte(0) & 4U) != 0, (byte(0) & 8U) != 0};
  answer.status = kStatuses[byte(1) % std::size(kStatuses)];
  const std::size_t length = std::min<std::size_t>(byte(2) + 256U * byte(3), input.size() - 4);
  answer.body = input.substr(4, length);
  input.remove_prefix(4 + length);
  if (flags.is_bare) return answer;
  if (flags.is_packed) {
    answer.headers.emplace_back("x-ots-response-compress-type", "deflate");
    answer.headers.emplace_back("x-ots-response-compress-size",
                                std::to_string(answer.body.size() + (flags.has_other_size ? 1U : 0U)));
    answer.body = http::deflate_zlib(answer.body);
  }
  answer.headers.emplace_back("x-ots-contentmd5", http::base64(http::md5(answer.body)));
  answer.headers.emplace_back("x-ots-contenttype", "protocol buffer");
  answer.headers.emplace_back("x-ots-date", "2024-05-17T08:00:00.000Z");
  answer.headers.emplace_back("x-ots-requestid", "0005-1");
  const SigningKey key{"AKID", Secret(std::string(kKey))};
  std::string authorization = answer_authorization(operation, answer.headers, key);
  if (!flags.is_genuine) authorization.back() = '?';
  answer.headers.emplace_back("Authorization", std::move(authorization));
  return answer;
}

template <class T>
void check_result(const Result<T>& result) {
  if (result) return;
  const Error error = result.error();
  const std::string& text = error.message();
  fuzz::check(!text.empty() && text.size() <= kBytesMax + 1000);
  fuzz::check(text.find(kKey) == std::string::npos && text.find(kToken) == std::string::npos);
}

void check_page(const StreamPage& page) {
  for (const StreamRecord& record : page.records) fuzz::check(fuzz::inside(page.body, record.record));
}

void call(sluice::test::Loop& loop, Client& client, unsigned operation) {
  const std::string table = "orders";
  const Key key = {KeyCell{"pk", KeyCell::Kind::integer, 1, {}}};
  RangeRequest range;
  range.table = table;
  range.begin = key;
  range.end = key;
  switch (operation) {
    case 0:
      return check_result(loop.run(client.describe_table(table)));
    case 1:
      return check_result(loop.run(client.list_streams(table)));
    case 2:
      return check_result(loop.run(client.describe_stream(table, std::nullopt, std::nullopt)));
    case 3:
      return check_result(loop.run(client.shard_iterator(table, table, std::nullopt)));
    case 4: {
      const auto page = loop.run(client.stream_records(table, std::nullopt));
      check_result(page);
      return page ? check_page(*page) : void();
    }
    case 5:
      return check_result(loop.run(client.get_range(range)));
    case 6:
      return check_result(loop.run(client.split_points(table, 1 << 20)));
    default:
      return check_result(loop.run(client.delete_row(table, key)));
  }
}

ClientOptions options() {
  ClientOptions made;
  made.endpoint = *http::parse_endpoint("http://orders.example:80");
  made.instance = "orders";
  made.credentials =
      http::fixed_credentials({"AKID", Secret(std::string(kKey)), Secret(std::string(kToken))});
  made.answer_bytes_max = kBytesMax;
  made.retry.max_retries = 3;
  return made;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                               unsigned seed) {
  return fuzz::mutate_plain_buffer(data, size, size_max, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest = fuzz::text_of(data + 1, size - 1);
  sluice::test::Loop loop(std::chrono::sys_days(std::chrono::year(2024) / 5 / 17) + std::chrono::hours(8));
  sluice::test::ScriptedTransport transport;
  transport.otherwise([&](const auto& sent) -> Result<http::Response> {
    fuzz::check(transport.sent().size() < 64);
    if (transport.sent().size() > kAnswersMax) rest = {};
    return answer_of(rest, sent.request.target.substr(1));
  });
  SeededRandom random(42);
  Client client(transport, loop.clock, random, options());
  call(loop, client, data[0] % 8U);
  return 0;
}
