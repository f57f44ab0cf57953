#pragma once
// The fault script: which requests go wrong, and how. Rules are JSON; docs/sandbox.md describes them.

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sandbox {

enum class FaultAction {
  delay,          // wait, then serve as usual
  reset_before,   // drop the connection, nothing applied
  reset_after,    // apply, then drop the connection: the answer is lost
  status,         // refuse with a status and a code, nothing applied
  status_after,   // OSS: apply, then answer with a status and a code as if it had not been
  spoil_request,  // OSS: the body arrives with another first byte
  truncate_body,  // apply, announce the whole body, send only its beginning, drop the connection
  bad_md5,        // apply, answer with a wrong MD5 header
  bad_crc,        // apply, answer with a wrong checksum (OSS: header; Table Store: first stream record)
  wrong_signature_answer,  // apply, sign the answer wrongly (Table Store)
  stall,                   // never answer; the connection stays open until the client gives up
  empty_page,              // GetStreamRecord: no records, though there may be some
  short_page,              // GetStreamRecord: fewer records than there are
  expire_iterator,         // GetStreamRecord, GetShardIterator: the position is said to be trimmed
  no_iterator              // GetShardIterator: an empty iterator
};

struct Fault {
  FaultAction action = FaultAction::delay;
  // delay: milliseconds; status: its number; truncate_body: bytes that are sent; short_page: records
  std::uint32_t value = 0;
  std::string code;         // status: the error code; empty: the usual one of that status
  std::string message;      // status: the text; empty: that of the script
  std::string retry_after;  // status: value of the Retry-After header; empty: none
};

/// What a request is about, as far as rules can narrow it.
struct FaultSubject {
  std::string table;
  std::string shard;
};

class FaultScript {
 public:
  /// Replaces the script by these rules (one object or a list); throws std::invalid_argument that names the
  /// rule and the key.
  void install(const boost::json::value& rules);
  void clear() { rules_.clear(); }
  boost::json::value list() const;

  /// The fault for this request, if any. Every rule that matches counts the request; the first one due wins.
  /// `subject` is asked only if a rule needs it.
  std::optional<Fault> next(std::string_view service, std::string_view operation,
                            const std::function<FaultSubject()>& subject);

 private:
  struct Rule {
    std::string service;                // "ots", "oss" or empty for both
    std::string operation;              // empty for all
    std::string table;                  // empty for all
    std::string shard;                  // empty for all
    std::int64_t from_us = 0;           // the rule holds from then on, by the machine's clock ...
    std::int64_t until_us = INT64_MAX;  // ... until then
    std::uint64_t nth = 0;              // only the nth matching request
    std::uint64_t every = 0;
    double probability = 0;
    std::uint64_t times = 0;  // fires at most so often; 0: for ever
    Fault fault;
    std::string action_name;
    std::uint64_t seen = 0;
    std::uint64_t fired = 0;
    std::mt19937_64 random;
  };
  static Rule parse(const boost::json::object& text);
  static void check(Rule& rule);
  static bool matches(const Rule& rule, const FaultSubject& subject);
  static bool due(Rule& rule);

  std::vector<Rule> rules_;
};

}  // namespace sluice::sandbox
