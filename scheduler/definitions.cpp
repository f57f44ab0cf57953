#include "scheduler/definitions.hpp"

#include "scheduler/version_store.hpp"

#include <fmt/format.h>

namespace sluice::scheduler {
namespace {

// More versions than are in use at a time; an older one is read again.
constexpr std::size_t kLoadedMax = 256;

std::string not_that_version(const job::Job& present, const std::string& version, std::string_view why) {
  return fmt::format("runs by the present definition {} of the job, not by {} with which it was planned: {}",
                     present.version, version, why);
}

}  // namespace

void Definitions::set_present(const Jobs& jobs) {
  present_ = jobs;
  loaded_.clear();
  ++generation_;
}

awaitable<Definition> Definitions::find(std::string job, std::string version) {
  std::shared_ptr<const job::Job> present = present_.at(job);
  if (store_ == nullptr || present->version == version) co_return Definition{std::move(present), ""};
  auto key = std::make_pair(std::move(job), version);
  const auto known = loaded_.find(key);
  if (known != loaded_.end()) co_return known->second;
  const std::size_t generation = generation_;
  Definition found = co_await load(std::move(present), std::move(version));
  // The jobs may have been replaced while the store was asked.
  if (generation == generation_) {
    if (loaded_.size() >= kLoadedMax) loaded_.clear();
    loaded_.emplace(std::move(key), found);
  }
  co_return found;
}

awaitable<Definition> Definitions::load(std::shared_ptr<const job::Job> present, std::string version) {
  const std::optional<JobVersion> kept = co_await store_->version(present->name, version);
  std::string why = "it is not kept";
  if (kept) {
    Result<job::Job> loaded = loader_(kept->text, *present);
    if (loaded && loaded->version == version) {
      co_return Definition{std::make_shared<const job::Job>(std::move(*loaded)), ""};
    }
    why =
        loaded ? fmt::format("its text means {} to this program", loaded->version) : loaded.error().message();
  }
  std::string note = not_that_version(*present, version, why);
  co_return Definition{std::move(present), std::move(note)};
}

}  // namespace sluice::scheduler
