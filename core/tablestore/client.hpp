#pragma once
// Table Store over HTTP: the operations of the readers of streams and tables, signed, checked and repeated
// when that may help.

#include "core/base/random.hpp"
#include "core/http/transport.hpp"
#include "core/tablestore/retry.hpp"
#include "core/tablestore/signature.hpp"
#include "core/tablestore/stream_api.hpp"
#include "core/tablestore/table_api.hpp"

#include <memory>
#include <string>

namespace sluice::tablestore {

struct ClientOptions {
  http::Endpoint endpoint;
  std::string instance;
  std::shared_ptr<http::CredentialsProvider> credentials;  // asked before each request
  std::string region;                                      // for signature V4; empty: signature V2
  std::string table;  // sent with reads of records, and named in errors of calls that carry only an iterator
  bool time_series = false;  // the table is a time series table: its stream is not described otherwise
  RetryPolicy retry;
  Duration step_limit = std::chrono::seconds(30);   // of each network step of a request
  std::size_t answer_bytes_max = 64 * 1024 * 1024;  // a page of records is a few MB; inflated, if compressed
  bool compress_answers = false;                    // asks the server to deflate its answers
};

// Every request is dated and signed (V4 with a region, V2 without) when it is sent, every answer is checked
// against its MD5 and its signature; one that is not genuine counts as corrupt and is asked for again. When
// the server refuses our date, its own date is used from then on, until the clocks agree again. When it
// refuses keys that can be replaced, the request is repeated once with others.
class Client final : public StreamApi, public TableApi {
 public:
  // All references must outlive the client and its calls.
  Client(http::Transport& transport, Clock& clock, Random& random, ClientOptions options);

  awaitable<Result<TableDescription>> describe_table(const std::string& table) override;
  awaitable<Result<std::vector<StreamSummary>>> list_streams(const std::string& table) override;
  awaitable<Result<StreamDescription>> describe_stream(
      const std::string& stream, const std::optional<std::string>& inclusive_start_shard,
      std::optional<std::int32_t> limit) override;
  awaitable<Result<std::string>> shard_iterator(const std::string& stream, const std::string& shard,
                                                std::optional<Instant> time) override;
  awaitable<Result<StreamPage>> stream_records(const std::string& iterator,
                                               std::optional<std::int32_t> limit) override;
  void observe(StreamApiObserver* observer) override { observer_ = observer; }

  awaitable<Result<RowPage>> get_range(const RangeRequest& request) override;
  awaitable<Result<std::vector<Key>>> split_points(const std::string& table,
                                                   std::int64_t part_bytes) override;
  awaitable<Result<void>> put_row(const std::string& table, const Key& key,
                                  const std::vector<AttributeCell>& cells) override;
  awaitable<Result<void>> delete_row(const std::string& table, const Key& key) override;
  awaitable<Result<void>> create_table(const std::string& table, const std::vector<KeyColumn>& primary_key,
                                       std::chrono::seconds time_to_live) override;

 private:
  // One operation, however often it is repeated.
  struct Call {
    std::string operation;  // "GetStreamRecord"
    std::string doing;      // "get stream records of orders"
    std::string body;       // serialized request
  };
  struct Answer {
    std::string body;
    Instant server_time{};
    std::string request_id;
  };
  // What one try gave: an answer, or why not.
  struct Try {
    Result<Answer> answer = Error();
    RetryClass retry = RetryClass::never;
    std::optional<Duration> asked_pause{};
    bool date_refused = false;  // and the server's own date is now used
    bool keys_refused = false;  // and others may be had
  };

  // What a call may do once, without a pause, since it takes the reason of the failure away.
  struct Remedies {
    bool date_adopted = false;
    bool keys_renewed = false;
  };

  awaitable<Result<Answer>> perform(const Call& call);
  static bool remedied(const Try& outcome, Remedies& used);
  static Error given_up(const Error& error, int tries, std::string_view why);
  awaitable<Try> try_once(const Call& call);
  SigningKey signing_key(const Credentials& credentials, Instant dated);
  http::Request make_request(const Call& call, const Credentials& credentials, const SigningKey& key,
                             Instant dated) const;
  Try judge(const Call& call, const SigningKey& key, http::Response response, Instant sent);
  bool adopt_server_date(const http::Response& response, Instant sent);
  void compare_clocks(Instant server_time);

  http::Transport& transport_;
  Clock& clock_;
  Random& random_;
  ClientOptions options_;
  V4Secrets v4_secrets_;
  RetryBudget budget_;
  StreamApiObserver* observer_ = nullptr;
  Duration skew_{0};  // added to our clock for x-ots-date
  bool warned_ = false;
};

}  // namespace sluice::tablestore
