#include "tests/sandbox/metadata_service.hpp"

#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/digest.hpp"

#include <boost/json.hpp>

#include <charconv>

namespace sluice::sandbox {
namespace {

constexpr std::string_view kTokenPath = "/latest/api/token";
constexpr std::string_view kRolesPath = "/latest/meta-data/ram/security-credentials/";
constexpr std::int64_t kSessionSecondsMax = 21600;
constexpr std::int64_t kSecond = 1'000'000;

Response answer(int status, std::string body = {}) {
  Response response;
  response.status = status;
  response.set("Content-Type", "text/plain");
  response.body = std::move(body);
  return response;
}

// 2024-05-17T08:09:10Z
std::string whole_seconds(std::int64_t us) { return iso8601(us).substr(0, 19) + "Z"; }

}  // namespace

std::string MetadataService::operation(const Request& request) {
  if (request.path == kTokenPath) return "GetToken";
  if (request.path == kRolesPath) return "ListRoles";
  return request.path.starts_with(kRolesPath) ? "GetKeys" : "Unknown";
}

Response MetadataService::handle(const Request& request, const std::optional<Fault>& fault) {
  if (fault && fault->action == FaultAction::status) return answer(static_cast<int>(fault->value));
  const std::string name = operation(request);
  if (name == "Unknown") return answer(404);
  if (request.method != (name == "GetToken" ? "PUT" : "GET")) return answer(405);
  if (name == "GetToken") return open_session(request);
  // Without a token, the service answers as machines without the hardened mode do.
  const std::string_view session = request.header("x-aliyun-ecs-metadata-token");
  if (!session.empty()) {
    const auto known = sessions_.find(session);
    if (known == sessions_.end() || known->second < now_us()) return answer(401);
  }
  return name == "ListRoles" ? answer(200, role_) : keys_of(request.path.substr(kRolesPath.size()));
}

Response MetadataService::open_session(const Request& request) {
  const std::string_view text = request.header("x-aliyun-ecs-metadata-token-ttl-seconds");
  std::int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (seconds < 1 || seconds > kSessionSecondsMax) return answer(400);
  std::erase_if(sessions_, [](const auto& session) { return session.second < now_us(); });
  const std::string session = random_hex(40);
  sessions_.emplace(session, now_us() + seconds * kSecond);
  return answer(200, session);
}

Response MetadataService::keys_of(const std::string& role) {
  if (url_decode(role, false) != role_) return answer(404);
  const AccessKey& key = keys_.issue(seconds_);
  Response response = answer(200);
  response.body = boost::json::serialize(boost::json::object{
      {"AccessKeyId", key.id},
      {"AccessKeySecret", key.secret},
      {"Expiration", whole_seconds(key.expires_us)},
      {"SecurityToken", key.token},
      {"LastUpdated", whole_seconds(key.expires_us - seconds_ * kSecond)},
      {"Code", "Success"},
  });
  return response;
}

}  // namespace sluice::sandbox
