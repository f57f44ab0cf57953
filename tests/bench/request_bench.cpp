// What each request and each instance costs: signatures, the frame of a page, values of parameters.

#include "core/http/crypto.hpp"
#include "core/job/time_expression.hpp"
#include "core/oss/signature.hpp"
#include "core/s3/signature.hpp"
#include "core/tablestore/ots.pb.h"
#include "core/tablestore/page_decoder.hpp"
#include "core/tablestore/signature.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <utility>

namespace {

using namespace sluice;

const http::Credentials kKeys{"LTAI5tSomeAccessKeyId000", Secret("some-secret-of-30-characters-0")};
const Instant kSignedAt =
    Instant(std::chrono::sys_days(std::chrono::year(2018) / 10 / 15)) + std::chrono::hours(16);

// A request for a page of the stream, as the client makes it.
void sign_table_store_v2(benchmark::State& state) {
  const std::string body(120, 'i');  // an iterator and a limit
  for (auto _ : state) {
    const http::Headers headers = {
        {"x-ots-accesskeyid", kKeys.access_id},
        {"x-ots-apiversion", "2015-12-31"},
        {"x-ots-contentmd5", http::base64(http::md5(body))},
        {"x-ots-date", tablestore::format_ots_date(kSignedAt)},
        {"x-ots-instancename", "instance"},
    };
    benchmark::DoNotOptimize(tablestore::request_signature("GetStreamRecord", headers, kKeys.key));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sign_table_store_v2);

// A part of an upload.
void sign_oss_v4(benchmark::State& state) {
  const oss::Queries queries = {oss::Query("partNumber", "12"), oss::Query("uploadId", std::string(32, 'U'))};
  const http::Headers headers = {{"x-oss-date", "20181015T160000Z"},
                                 {"x-oss-content-sha256", "UNSIGNED-PAYLOAD"},
                                 {"Content-Type", "text/csv"}};
  const std::string resource =
      "/bucket/instance/orders/20181015/orders__20181016T000000_20181016T000500_0000.csv";
  const oss::SignedRequest request{"PUT", resource, headers, queries};
  for (auto _ : state) benchmark::DoNotOptimize(oss::authorization_v4(request, {}, "cn-hangzhou", kKeys));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sign_oss_v4);

void sign_s3(benchmark::State& state) {
  const s3::Queries queries = {{"partNumber", "12"}, {"uploadId", std::string(32, 'U')}};
  const http::Headers headers = {{"x-amz-date", "20181015T160000Z"},
                                 {"x-amz-content-sha256", "UNSIGNED-PAYLOAD"},
                                 {"Content-Type", "text/csv"},
                                 {"host", "bucket.s3.eu-central-1.amazonaws.com"}};
  const std::string path = "/instance/orders/20181015/orders__20181016T000000_20181016T000500_0000.csv";
  const s3::SignedRequest request{"PUT", path, headers, queries};
  for (auto _ : state) benchmark::DoNotOptimize(s3::authorization(request, "eu-central-1", kKeys));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sign_s3);

// The frame around a page's records, without what is in them: range(0) records of range(1) bytes.
void decode_page_frame(benchmark::State& state) {
  ots::proto::GetStreamRecordResponse message;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    auto* record = message.add_stream_records();
    record->set_action_type(static_cast<ots::proto::ActionType>(1 + i % 3));
    record->set_record(std::string(static_cast<std::size_t>(state.range(1)), 'r'));
  }
  message.set_next_shard_iterator(std::string(40, 'n'));
  std::string body = message.SerializeAsString();
  const auto bytes = static_cast<std::int64_t>(body.size());
  for (auto _ : state) {
    auto page = tablestore::decode_page(std::move(body));
    if (page.has_error()) return state.SkipWithError("decode");
    benchmark::DoNotOptimize(page->records.data());
    body = std::move(page->body);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * bytes);
}
BENCHMARK(decode_page_frame)->Args({1000, 100})->Args({1000, 350})->Args({1000, 1200});

// The values of the main job.
void parse_time_expression(benchmark::State& state, std::string text) {
  for (auto _ : state) benchmark::DoNotOptimize(job::TimeExpression::parse(text));
  state.SetItemsProcessed(state.iterations());
}
void evaluate_time_expression(benchmark::State& state, std::string text) {
  const auto expression = job::TimeExpression::parse(text).value();
  const auto moment = job::moment_of(kSignedAt, "Asia/Shanghai", "orders").value();
  for (auto _ : state) benchmark::DoNotOptimize(expression.evaluate(moment));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(parse_time_expression, cycle, "$[yyyymmddhh24miss-10/24/60]");
BENCHMARK_CAPTURE(parse_time_expression, business, "${yyyymmdd-1}");
BENCHMARK_CAPTURE(evaluate_time_expression, cycle, "$[yyyymmddhh24miss-10/24/60]");
BENCHMARK_CAPTURE(evaluate_time_expression, business, "${yyyymmdd-1}");
BENCHMARK_CAPTURE(evaluate_time_expression, builtin, "$bizdate");

}  // namespace
