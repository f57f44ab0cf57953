#include "tests/sandbox/ots_service.hpp"

#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/digest.hpp"
#include "tests/sandbox/ots_auth.hpp"
#include "tests/sandbox/ots_operations.hpp"
#include "tests/sandbox/table_schema.hpp"

#include <fmt/format.h>

#include <charconv>
#include <zlib.h>

namespace sluice::sandbox {
namespace {

constexpr std::size_t kBodyMax = 5U << 20U;

// First 16 digits: microseconds since the epoch, as the service does it.
std::string request_id() {
  const std::string time = fmt::format("{:016x}", now_us());
  const std::string rest = random_hex(16);
  return fmt::format("{}-{}-{}-{}-{}", time.substr(0, 8), time.substr(8, 4), time.substr(12),
                     rest.substr(0, 4), rest.substr(4));
}

std::string inflated(const Request& request) {
  if (request.header("x-ots-request-compress-type") != "deflate") return request.body;
  const std::string_view text = request.header("x-ots-request-compress-size");
  std::size_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  if (size == 0 || size > kBodyMax) throw invalid("Invalid x-ots-request-compress-size.");
  std::string out(size, '\0');
  uLongf length = out.size();
  if (::uncompress(reinterpret_cast<Bytef*>(out.data()), &length,
                   reinterpret_cast<const Bytef*>(request.body.data()), request.body.size()) != Z_OK ||
      length != size)
    throw invalid("Cannot deserialize the request data.");
  return out;
}

// The MD5 stays that of the body before compression, which is what the Java SDK compares it with.
void compress(Response& response) {
  if (response.body.empty()) return;
  std::string packed(::compressBound(response.body.size()), '\0');
  uLongf length = packed.size();
  ::compress(reinterpret_cast<Bytef*>(packed.data()), &length,
             reinterpret_cast<const Bytef*>(response.body.data()), response.body.size());
  packed.resize(length);
  response.set("x-ots-response-compress-type", "deflate");
  response.set("x-ots-response-compress-size", std::to_string(response.body.size()));
  response.body = std::move(packed);
}

std::string default_ots_code(int status) {
  if (status == 503) return "OTSServerBusy";
  return status == 429 ? "OTSFlowControl" : "OTSInternalServerError";
}

Response error_response(int status, const std::string& code, const std::string& message) {
  pb::Error error;
  error.set_code(code);
  error.set_message(message);
  Response response;
  response.status = status;
  response.body = error.SerializeAsString();
  return response;
}

// Flips the row checksum of the first stream record, its last byte.
void break_first_record(std::string& body) {
  pb::GetStreamRecordResponse parsed;
  if (!parsed.ParseFromString(body) || parsed.stream_records_size() == 0) return;
  std::string& record = *parsed.mutable_stream_records(0)->mutable_record();
  record.back() = static_cast<char>(record.back() ^ 0x55);
  body = parsed.SerializeAsString();
}

}  // namespace

const std::map<std::string, OtsOperation, std::less<>>& ots_operations() {
  static const std::map<std::string, OtsOperation, std::less<>> all{
      {"ListTable", list_table},
      {"CreateTable", create_table},
      {"DescribeTable", describe_table},
      {"UpdateTable", update_table},
      {"DeleteTable", delete_table},
      {"ComputeSplitPointsBySize", compute_split_points},
      {"PutRow", put_row},
      {"UpdateRow", update_row},
      {"DeleteRow", delete_row},
      {"BatchWriteRow", batch_write_row},
      {"GetRow", get_row},
      {"BatchGetRow", batch_get_row},
      {"GetRange", get_range},
      {"ListStream", list_stream},
      {"DescribeStream", describe_stream},
      {"GetShardIterator", get_shard_iterator},
      {"GetStreamRecord", get_stream_record},
  };
  return all;
}

bool OtsService::takes(const Request& request) {
  const auto found = request.headers.lower_bound("x-ots-");
  return found != request.headers.end() && found->first.starts_with("x-ots-");
}

std::string OtsService::operation(const Request& request) {
  return request.path.empty() ? std::string() : request.path.substr(1);
}

Response OtsService::handle(const Request& request, const std::optional<Fault>& fault,
                            std::string& error_code) {
  Response response;
  try {
    if (fault && fault->action == FaultAction::status)
      throw Refusal(static_cast<int>(fault->value),
                    fault->code.empty() ? default_ots_code(static_cast<int>(fault->value)) : fault->code,
                    fault->message.empty() ? "Injected by the fault script." : fault->message);
    if (request.method != "POST")
      throw Refusal(405, "OTSMethodNotAllowed", "Only POST method for requests is supported.");
    const auto found = ots_operations().find(operation(request));
    if (found == ots_operations().end())
      throw invalid(fmt::format("Unsupported operation: '{}'.", operation(request)));
    if (request.body.size() > kBodyMax)
      throw Refusal(413, "OTSRequestBodyTooLarge", "The size of POST data is too large.");
    authenticate_ots(request, keys_);
    const std::string instance(request.header("x-ots-instancename"));
    check_instance_name(instance);
    response.body =
        found->second({catalog_, instance, inflated(request), found->first, fault ? &*fault : nullptr});
  } catch (const Refusal& refusal) {
    error_code = refusal.code;
    response = error_response(refusal.status, refusal.code, refusal.what());
    if (fault && !fault->retry_after.empty()) response.set("Retry-After", fault->retry_after);
  } catch (const std::exception& failure) {
    error_code = "OTSInternalServerError";
    response = error_response(500, error_code, failure.what());
  }
  return finish(request, std::move(response), fault);
}

Response OtsService::finish(const Request& request, Response response, const std::optional<Fault>& fault) {
  if (fault && fault->action == FaultAction::bad_crc) break_first_record(response.body);
  const bool wrong_md5 = fault && fault->action == FaultAction::bad_md5;
  response.set("x-ots-requestid", request_id());
  response.set("x-ots-date", iso8601(now_us()));
  response.set("x-ots-contenttype", "protocol buffer");
  response.set("x-ots-contentmd5", base64_encode(md5(wrong_md5 ? response.body + "x" : response.body)));
  if (request.header("x-ots-response-compress-type") == "deflate") compress(response);
  // For an unknown key there is no secret to sign with.
  const AccessKey* known = keys_.find(request.header("x-ots-accesskeyid"));
  if (known == nullptr) return response;
  std::string key = ots_answer_key(request, *known);
  if (fault && fault->action == FaultAction::wrong_signature_answer) key += "x";
  sign_ots_answer(response, operation(request), known->id, key);
  return response;
}

}  // namespace sluice::sandbox
