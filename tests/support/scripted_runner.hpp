#pragma once
// A data plane that does what a script says, and a target that remembers what was committed to it.

#include "scheduler/runner.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

// The stream of these runs is time itself: a position is an instant, a window carries (start, end].
pipeline::Positions stream_position(Instant at);

class ScriptedRunner final : public scheduler::Runner {
 public:
  enum class Stage { prepare, plan, execute };

  // What one attempt does.
  struct Act {
    Duration takes = std::chrono::seconds(1);
    std::optional<Error> error;
    Stage at = Stage::execute;  // where the error comes
    bool throws = false;        // the error is thrown, not returned
    Duration plans{0};          // finding its positions takes so long
    Duration takes_back{0};     // a cancelled attempt needs so long to take back what it wrote
  };

  struct Start {
    scheduler::InstanceId id;
    int attempt = 0;
    Instant at{};
  };

  // What the target holds of one window.
  struct Committed {
    Instant from{};
    Instant to{};
    friend bool operator==(const Committed&, const Committed&) = default;
  };

  explicit ScriptedRunner(Clock& clock) : clock_(clock) {}

  std::function<Act(const scheduler::Instance& instance, int attempt)> script;
  // Told of each attempt when it begins to execute, as it was when it was chosen.
  std::function<void(const scheduler::Instance& instance, int attempt)> on_execute;

  // The name of an instance's object; null: the target keeps no names.
  std::function<std::string(const scheduler::Instance& instance)> object_name;

  std::vector<Start> starts;                           // attempts that executed, in order
  std::map<scheduler::InstanceId, Committed> objects;  // by window: names are a function of the window
  std::map<scheduler::InstanceId, std::set<std::pair<Instant, Instant>>>
      contents;                    // ever committed, by window
  std::vector<std::string> notes;  // lines for the attempts' logs
  std::size_t executing = 0;
  std::size_t executing_max = 0;
  std::set<scheduler::InstanceId> in_progress;
  bool overlapped = false;  // an instance ran twice at once

  Result<std::unique_ptr<scheduler::Run>> prepare(const job::Job&, const scheduler::Instance& instance,
                                                  int attempt) override;

 private:
  class ScriptedRun;
  struct Executing;

  Clock& clock_;
};

}  // namespace sluice::test
