#include "daemon/export/verifier.hpp"

#include <fmt/format.h>

namespace sluice::daemon {

awaitable<Result<VerifiedPage>> Verifier::verify(job::Job job, VerifyQuery query) {
  const Duration begin = clock_.monotonic();
  scheduler::InstanceQuery wanted;
  wanted.job = scheduler::chain_of(job.name, query.group);
  wanted.from = query.from;
  wanted.to = query.to;
  wanted.after = query.after;
  wanted.limit = query.limit;
  wanted.states.push_back(scheduler::State::success);
  auto instances = co_await store_.instances(wanted);
  VerifiedPage page;
  for (scheduler::Instance& instance : instances) {
    page.next = instance.id;
    auto verified = co_await verify_one(job, std::move(instance));
    if (!verified) co_return verified.error();
    page.windows.push_back(std::move(*verified));
    if (clock_.monotonic() - begin >= kPageTime) break;
  }
  const bool all = page.windows.size() == instances.size() && instances.size() < query.limit;
  if (all) page.next.reset();
  co_return page;
}

awaitable<Result<VerifiedWindow>> Verifier::verify_one(const job::Job& job, scheduler::Instance instance) {
  const std::string id = scheduler::to_string(instance.id, instance.zone);
  auto opened = runner_.open_target(job, instance);
  if (!opened) co_return opened.error().in("verify " + id);
  objects::LedgerWindow ledger;
  ledger.target = std::move(opened->work.target);
  ledger.window = std::move(opened->work.window);
  ledger.objects = instance.objects;
  ledger.rows = instance.rows;
  ledger.same_definition = instance.version == job.version;
  const std::unique_ptr<objects::ObjectStore> store = opened->open_store([](std::string_view) {});
  auto check = co_await objects::check_window(*store, ledger);
  if (!check) co_return check.error().in("verify " + id);
  VerifiedWindow verified;
  verified.instance = std::move(instance);
  verified.check = std::move(*check);
  co_return verified;
}

}  // namespace sluice::daemon
