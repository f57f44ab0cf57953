#include "tests/sandbox/catalog.hpp"

#include "tests/sandbox/refusal.hpp"

namespace sluice::sandbox {

Catalog::Catalog(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  for (const auto& instance : std::filesystem::directory_iterator(folder_))
    for (const auto& table : std::filesystem::directory_iterator(instance.path())) {
      // A folder without table.json is the rest of a creation that was killed.
      if (!std::filesystem::exists(table.path() / "table.json")) continue;
      instances_[instance.path().filename()][table.path().filename()] = std::make_unique<Table>(table.path());
    }
}

Table* Catalog::find(const std::string& instance, const std::string& table) {
  const auto tables = instances_.find(instance);
  if (tables == instances_.end()) return nullptr;
  const auto found = tables->second.find(table);
  return found == tables->second.end() ? nullptr : found->second.get();
}

Table& Catalog::at(const std::string& instance, const std::string& table) {
  Table* found = find(instance, table);
  if (found == nullptr) throw Refusal(404, "OTSObjectNotExist", "Requested table does not exist.");
  return *found;
}

Table& Catalog::create(const std::string& instance, const pb::CreateTableRequest& request, TableKind kind,
                       std::int64_t age_us) {
  const std::string& name = request.table_meta().table_name();
  if (find(instance, name) != nullptr)
    throw Refusal(409, "OTSObjectAlreadyExist", "Requested table already exists.");
  const std::filesystem::path folder = folder_ / instance / name;
  std::filesystem::remove_all(folder);
  auto table = std::make_unique<Table>(folder, request, kind, clock.now() - age_us);
  begin_enabling(*table);
  return *(instances_[instance][name] = std::move(table));
}

void Catalog::enable_stream(Table& table, const pb::StreamSpecification& spec) {
  table.enable_stream(spec, clock.now());
  begin_enabling(table);
}

void Catalog::begin_enabling(Table& table) const {
  if (table.stream() != nullptr)
    table.stream()->stay_enabling(streams.enabling_requests, now_us() + streams.enabling_ms * 1000);
}

void Catalog::erase(const std::string& instance, const std::string& table) {
  at(instance, table);
  instances_[instance].erase(table);
  // table.json goes first: without it the folder no longer counts as a table.
  std::filesystem::remove(folder_ / instance / table / "table.json");
  std::filesystem::remove_all(folder_ / instance / table);
}

}  // namespace sluice::sandbox
