#include "storage/group_commit.hpp"

#include <memory>
#include <optional>

namespace sluice::storage {

CallsTogether commit_together(Database& database, std::size_t most, std::chrono::milliseconds longest) {
  const auto group = std::make_shared<std::optional<TransactionGroup>>();
  CallsTogether together;
  together.begin = [group, &database] { group->emplace(database); };
  together.finish = [group] {
    bool durable = true;
    try {
      (*group)->commit();
    } catch (const ErrorException&) {
      // Made again by itself, each call gets the failure that is its own.
      durable = false;
    }
    group->reset();
    return durable;
  };
  together.most = most;
  together.longest = longest;
  return together;
}

}  // namespace sluice::storage
