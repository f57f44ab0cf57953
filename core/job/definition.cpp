#include "core/job/definition.hpp"

#include "core/job/script.hpp"
#include "core/job/variables.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace sluice::job {
namespace {

// Length first, so that no two different lists of texts look alike.
void put(std::string& out, std::string_view text) { out += fmt::format("{}:{},", text.size(), text); }

template <class... Numbers>
void put_numbers(std::string& out, Numbers... numbers) {
  (put(out, fmt::format("{}", numbers)), ...);
}

void put(std::string& out, const YamlNode& node) {
  put_numbers(out, static_cast<int>(node.kind), node.items.size());
  put(out, node.text);
  std::vector<std::size_t> order(node.items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (node.is_mapping()) {
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return node.keys[a].text < node.keys[b].text; });
  }
  for (const std::size_t at : order) {
    if (node.is_mapping()) put(out, node.keys[at].text);
    if (!node.is_mapping() || !is_credential_key(node.keys[at].text)) put(out, node.items[at]);
  }
}

std::string canonical(const Job& job) {
  std::string out;
  put(out, job.name);
  const Schedule& schedule = job.schedule;
  put(out, schedule.zone);
  put_numbers(out, schedule.start.count(), schedule.end.count(), schedule.interval.count(),
              schedule.effective_from.time_since_epoch().count(),
              schedule.effective_to.time_since_epoch().count(), job.rerun.times, job.rerun.interval.count(),
              job.parameters.size());
  for (const Parameter& parameter : job.parameters) {
    put(out, parameter.name);
    put(out, parameter.expression);
  }
  if (job.script == nullptr) return out;
  if (job.script->source == SourceKind::table) put(out, "ots");
  if (job.script->target != TargetKind::oss) put_numbers(out, static_cast<int>(job.script->target));
  for (const YamlNode* part : {&job.script->reader, &job.script->writer, &job.script->setting})
    put(out, *part);
  return out;
}

}  // namespace

std::string definition_version(const Job& job) {
  constexpr std::size_t kBytes = 6;
  const std::string text = canonical(job);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1 ||
      length < kBytes) {
    throw ErrorException(Error(Errc::internal, "compute the version of a job: SHA-256 is not available"));
  }
  std::string version;
  for (std::size_t at = 0; at < kBytes; ++at) version += fmt::format("{:02x}", digest[at]);
  return version;
}

}  // namespace sluice::job
