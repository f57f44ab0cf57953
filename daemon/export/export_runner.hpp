#pragma once
// Runs the attempts of the scheduler on the data plane: Table Store streams and tables in, objects out.

#include "core/base/random.hpp"
#include "core/http/credentials.hpp"
#include "core/http/transport.hpp"
#include "core/objects/object_store.hpp"
#include "core/pipeline/dirty_file.hpp"
#include "core/pipeline/log.hpp"
#include "core/stream/row_output.hpp"
#include "core/tablestore/client.hpp"
#include "daemon/export/target_writer.hpp"
#include "scheduler/runner.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace sluice::daemon {

// Where the dirty rows of one attempt are kept; null: nowhere.
using DirtyFileMaker =
    std::function<std::unique_ptr<pipeline::DirtyFile>(const scheduler::Instance& instance, int attempt)>;

// The world as attempts see it. Everything outlives the runner.
struct ExportPorts {
  Executor executor;
  Clock& clock;
  Random& random;
  http::Transport& transport;
  stream::RowOutput* rows = nullptr;  // of jobs that print rows; null: they are refused
  // Told, in one line, what concerns no single attempt: keys that could not be renewed yet. Must not throw.
  std::function<void(std::string_view line)> warn{};
  DirtyFileMaker keep_dirty{};
};

// Makes the log of one attempt.
using LogMaker =
    std::function<std::unique_ptr<pipeline::Log>(const scheduler::Instance& instance, int attempt)>;

// Told at the end of every attempt what it counted, whatever its result. Must not throw.
using CountsListener = std::function<void(const std::string& job, const pipeline::Statistics& statistics)>;

class ExportRunner final : public scheduler::Runner {
 public:
  ExportRunner(ExportPorts ports, job::DataSources sources, LogMaker make_log, CountsListener on_counts);

  // For attempts from now on.
  void set_sources(job::DataSources sources) { sources_ = std::move(sources); }

  // From now on the first window of every chain also exports the whole table, as with fullTableFirst.
  void load_tables_first() { load_tables_first_ = true; }

  // From now on no window begins a chain: one that begins before its stream was switched on is a loss.
  // Windows of backfills always are such.
  void let_windows_stand_alone() { windows_stand_alone_ = true; }

  // Also writes what goes wrong here into the attempt's log.
  Result<std::unique_ptr<scheduler::Run>> prepare(const job::Job& job, const scheduler::Instance& instance,
                                                  int attempt) override;

  // The table of the job, to look at: the client gives up soon.
  struct OpenSource {
    job::TableStoreSource source;
    std::unique_ptr<tablestore::Client> client;
  };
  Result<OpenSource> open_source(const job::Job& job, const scheduler::Instance& instance);

  // The target of one of the job's windows, to look at.
  struct OpenTarget {
    job::Export work;
    objects::StoreMaker open_store;
  };
  Result<OpenTarget> open_target(const job::Job& job, const scheduler::Instance& instance);

 private:
  using Keys = std::shared_ptr<http::CredentialsProvider>;
  // `own`, or the keys of the role when one is named. All attempts share the keys of a role.
  Result<Keys> keys_of(const std::string& role, const std::string& metadata_endpoint, http::Credentials own);
  Result<TargetPorts> ports_of(const job::Target& target);
  Result<job::Export> resolve(const job::Job& job, const scheduler::Instance& instance) const;

  ExportPorts ports_;
  job::DataSources sources_;
  LogMaker make_log_;
  CountsListener on_counts_;
  std::map<std::pair<std::string, std::string>, Keys> roles_;  // by metadata endpoint and role
  bool load_tables_first_ = false;
  bool windows_stand_alone_ = false;
};

}  // namespace sluice::daemon
