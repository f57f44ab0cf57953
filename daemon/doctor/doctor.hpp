#pragma once
// What `sluice doctor` makes of what it saw: each check is a pure decision over facts.

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/job/problems.hpp"
#include "core/tablestore/stream_api.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::daemon {

enum class Health { good, warning, bad };
std::string_view to_string(Health health) noexcept;

struct Finding {
  std::string check;    // "disk", "stream", ...: stable, scripts may look for it
  std::string subject;  // the folder, the endpoint, the job
  Health health = Health::good;
  std::string said;    // what was seen
  std::string advice;  // what to do; empty when all is well
};

// Problems of sluice.yaml and of job files.
Finding judge_configuration(const std::string& subject, const std::vector<job::Problem>& problems,
                            std::size_t jobs);

struct FolderFacts {
  std::string path;
  bool exists = false;  // and is a folder
  bool writable = false;
  std::string owner;         // whom it belongs to
  std::string daemon;        // the daemon's user; empty where nothing tells
  std::string user;          // who looks
  bool open_to_all = false;  // any user may write
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
};
Finding judge_rights(const FolderFacts& facts);
// Bad below 64 MiB, for which a busy day's history and logs are enough; a warning below 1 GiB or 5 %.
Finding judge_space(const FolderFacts& facts);

struct SocketFacts {
  std::string path;
  bool exists = false;
  bool open_to_all = false;
  std::string failure;  // of asking the daemon; empty: it answered
};
Finding judge_socket(const SocketFacts& facts);

// `answer`: of any request without a signature; all that counts is that there is one.
Finding judge_endpoint(const std::string& endpoint, const Result<void>& answer);
// Services refuse a date that is more than 15 minutes off. Ours minus the server's.
Finding judge_clock(const std::string& endpoint, Duration ahead);

// `described`: of a signed request for the job's table.
Finding judge_table(const std::string& job, const Result<tablestore::TableDescription>& described);
// What was to be asked in `check`, "table" or "target", could not even be opened: a key file is not there.
Finding judge_opening(const std::string& check, const std::string& job, const Error& error);

// Of a table that was described.
Finding judge_stream(const std::string& job, const tablestore::TableStream& stream);

// `looked`: of asking for open uploads, or, with `wrote`, of beginning one and taking it back.
Finding judge_target(const std::string& job, const std::string& place, bool wrote,
                     const Result<void>& looked);

// "3.40.1", and what systemctl says of itself; empty: there is none.
Finding judge_sqlite(const std::string& version);
Finding judge_systemd(const std::string& version_text);

}  // namespace sluice::daemon
