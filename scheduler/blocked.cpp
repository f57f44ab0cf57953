#include "scheduler/blocked.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace sluice::scheduler {

std::string cause_of(const BlockedChain& chain) {
  return chain.root ? to_string(*chain.root, chain.zone) : chain.job;
}

std::vector<BlockedChain> group_by_cause(const std::vector<Blockage>& blockages) {
  struct Group {
    BlockedChain chain;
    std::set<std::string> jobs;
  };
  std::map<std::string, Group> groups;
  for (const Blockage& blockage : blockages) {
    Group& group = groups.try_emplace(cause_of(blockage.cause), Group{blockage.cause, {}}).first->second;
    group.chain.since = std::min(group.chain.since, blockage.cause.since);
    if (blockage.own_chain) {
      group.chain.blocked_own += blockage.due;
    } else {
      group.chain.blocked_downstream += blockage.due;
      group.jobs.insert(blockage.job);
    }
  }
  std::vector<BlockedChain> chains;
  for (auto& [cause, group] : groups) {
    group.chain.downstream_jobs.assign(group.jobs.begin(), group.jobs.end());
    chains.push_back(std::move(group.chain));
  }
  std::stable_sort(chains.begin(), chains.end(),
                   [](const BlockedChain& a, const BlockedChain& b) { return a.since < b.since; });
  return chains;
}

}  // namespace sluice::scheduler
