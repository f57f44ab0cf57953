#pragma once
// A job as its file declares it, and the typed export that one of its instances performs.
// docs/job-files.md lists every key.

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/base/time.hpp"
#include "core/pipeline/window.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::job {

// How often a job has an instance (scheduling.md section 3). docs/job-files.md says which keys go with which.
enum class Cycle : std::uint8_t { minute, hour, day, week, month, year, cron };

// What becomes of slots on the days the clocks change (scheduling.md section 11).
enum class DstPolicy : std::uint8_t {
  every_real_minute,  // a reading left out gives no slot, a repeated one gives a slot each time; one slot a
                      // day stays one
  dataworks,          // of a repeated hour only the second pass counts; a slot left out moves on as a dry run
};

// Whether a new or changed job has instances on the day it is put in (scheduling.md section 3.1).
enum class Generation : std::uint8_t { immediate, next_day };

struct Schedule {
  Cycle cycle = Cycle::minute;
  // minute and hour: slots at start, start + interval, ... <= end of every local day, restarting each day.
  std::chrono::minutes start{0};                    // of the local day, 0 .. 1439
  std::chrono::minutes end{23 * 60 + 59};           // inclusive, start .. 1439
  std::chrono::minutes interval{5};                 // 1 .. 1440; of hours: whole hours
  std::chrono::minutes at{0};                       // day, week, month, year: the time of day, 0 .. 1439
  std::vector<int> weekdays{};                      // week: 1 (Monday) .. 7, ascending
  std::vector<int> month_days{};                    // month: 1 .. 31, or -1 for the last day; ascending
  std::vector<std::chrono::month_day> year_days{};  // year: ascending
  std::string cron{};                               // cron: five or six fields, as written
  bool off_days_dry_run = false;                    // week, month, year: the days between have a dry run each
  std::string zone = "Asia/Shanghai";               // IANA name
  DstPolicy dst = DstPolicy::every_real_minute;
  Generation generation = Generation::immediate;
  std::chrono::sys_days effective_from{};  // local dates, both inclusive; default 1970-01-01 ...
  std::chrono::sys_days effective_to = std::chrono::sys_days(std::chrono::year(9999) / 1 / 1);
  // First slot of a job that was never planned; nothing: the first one after now. From then on slots follow.
  std::optional<Instant> first_slot{};
  friend bool operator==(const Schedule&, const Schedule&) = default;
};

// What may be run again (scheduling.md section 6): ALL_ALLOWED, FAILURE_ALLOWED, ALL_DENIED.
enum class RerunProperty : std::uint8_t { always, after_failure, never };

// Automatic reruns of a failed instance, counted from the end of the failed attempt.
struct Rerun {
  int times = 3;                                // 0 .. 10, beyond the first attempt
  Duration interval = std::chrono::minutes(2);  // 0 s .. 30 min (seconds are for tests and demos)
  RerunProperty property = RerunProperty::always;
  friend bool operator==(const Rerun&, const Rerun&) = default;
};

// Another job whose instances have to succeed first (scheduling.md section 5).
struct Upstream {
  std::string job;
  bool previous_cycle = false;  // its previous cycle (yesterday's, for a day) instead of the same one
  friend bool operator==(const Upstream&, const Upstream&) = default;
};

struct Dependencies {
  bool self = true;  // an instance waits for the job's previous one; stream jobs always do
  std::vector<Upstream> jobs{};
  friend bool operator==(const Dependencies&, const Dependencies&) = default;
};

// What becomes of windows that were missed while the daemon was down, or the job was paused.
struct CatchUp {
  enum class Policy : std::uint8_t { all, latest, none };
  Policy policy = Policy::all;
  std::optional<Duration> max_age{};       // all: older slots are skipped
  std::optional<std::size_t> max_count{};  // all: so many of the newest run, 1 .. 1,000,000
  friend bool operator==(const CatchUp&, const CatchUp&) = default;
};

class TimeExpression;  // core/job/time_expression.hpp

// "start_time" and "$[yyyymmddhh24miss-10/24/60]".
struct Parameter {
  std::string name;
  std::string expression;
  std::shared_ptr<const TimeExpression>
      parsed{};  // set by load_job_file(); without it freeze() parses each time
};

// Parameter values of one instance, in order of declaration; frozen when the instance is planned.
using ParameterValues = std::vector<std::pair<std::string, std::string>>;

struct Script;     // the script's tree before ${variables} are filled in; core/job/script.hpp
struct JobAlerts;  // core/job/job_alerts.hpp

struct Job {
  std::string name;  // [A-Za-z0-9_.-]{1,100}
  std::string file;  // where it was read from
  Schedule schedule;
  Dependencies dependencies;
  Rerun rerun;
  Duration timeout = std::chrono::hours(72);  // of one attempt, 1 min .. 168 h
  int priority = 1;                           // 1 .. 9, higher first
  std::size_t max_parallel = 0;  // its instances running at once, 1 .. 10,000; 0: no limit of its own
  CatchUp catch_up;
  std::shared_ptr<const JobAlerts> alerts;  // null: the daemon's rules
  std::vector<Parameter> parameters;
  std::shared_ptr<const Script> script;
  std::string version;  // first 12 hex digits of the SHA-256 of the definition, without secrets
};

struct Column {
  std::string name;
  bool is_tag = false;   // time series tables: the value of this tag
  bool is_date = false;  // its integers are milliseconds since 1970-01-01 UTC
};

enum class ReadMode { row, column };  // single_version_and_update_only, multi_version
enum class OnGap { fail, proceed };
enum class SourceKind { stream, table };      // plugins otsstream and ots
enum class Deletes { count, write };          // row mode: DeleteRow records are counted only, or give a row
enum class BinaryText { utf8, base64, hex };  // how BINARY values are written
enum class NonFinite { fail, null, text };    // NaN and infinities: error, null, "NaN" "Infinity" "-Infinity"
enum class TakeOver { never, if_found, required };  // the original's checkpoints as the first positions

// One column of the key that bounds a table's range.
struct KeyBound {
  enum class Kind : std::uint8_t { least, integer, string, binary, greatest };
  Kind kind = Kind::least;
  std::int64_t integer = 0;  // integer only
  std::string text;          // string and binary
  friend bool operator==(const KeyBound&, const KeyBound&) = default;
};

struct TableStoreSource {
  SourceKind kind = SourceKind::stream;
  std::string endpoint;
  std::string instance;
  std::string access_id;
  Secret access_key;
  Secret security_token;  // STS; empty without
  std::string ram_role;   // not empty: keys come from this role of the machine ("auto": the one it has)
  std::string metadata_endpoint = "http://100.100.100.200";  // where the machine's role is asked for
  std::string region;                                        // for signature V4; empty: signature V2
  std::string table;
  std::string status_table;  // the original's; read and written only with take_over and hand_over
  ReadMode mode = ReadMode::row;
  std::vector<Column> columns;
  bool export_sequence = false;  // one more column behind all others: the record's place
  bool export_op_type = false;   // row mode: one more column behind the configured ones: PUT, UPDATE, DELETE
  bool distinct_put = false;     // column mode: a put begins with a row "P" instead of "DR"
  bool is_time_series = false;
  Deletes deletes = Deletes::count;
  BinaryText binary = BinaryText::utf8;
  NonFinite non_finite = NonFinite::fail;
  bool seek_by_time = true;                          // false: the first window reads from the oldest record
  int max_retries = 30;                              // repeats of one request
  Duration retry_budget = std::chrono::minutes(10);  // time that one attempt may lose to repeats in all
  bool compress_answers = false;
  OnGap on_gap = OnGap::fail;
  Duration settle = std::chrono::seconds(60);  // design.md section 4
  Duration retention_warning{0};  // warn when less is left until needed records are trimmed; 0: half of it
  TakeOver take_over = TakeOver::never;
  bool hand_over = false;         // write the original's checkpoints after each window
  bool full_table_first = false;  // the first window of a chain also exports the whole table
  bool stands_alone = false;      // a first window begins no chain, so what the stream lacks of it is lost
  // SourceKind::table: keys from begin (inclusive) to end (exclusive). Columns left out at the end are the
  // least ones of begin and the greatest ones of end.
  std::vector<KeyBound> range_begin;
  std::vector<KeyBound> range_end;
};

enum class TargetKind { oss, s3, localfile, stream };
enum class WriteMode { truncate, append, non_conflict };
enum class TruncateScope {
  window,
  prefix
};  // what truncate replaces: the window's objects, or all under `object`
enum class FileFormat { csv, text, jsonl };
enum class Compression { none, gzip, zstd };
enum class Addressing { automatic, path, virtual_host };

// How csv fields are quoted (csvWriterConfig).
struct CsvStyle {
  enum class Quotes { where_needed, always, never };
  enum class Escape { doubled, backslash };
  Quotes quotes = Quotes::where_needed;
  Escape escape = Escape::doubled;
  char qualifier = '"';
  char comment = '#';  // a first field that begins with it is quoted
  friend bool operator==(const CsvStyle&, const CsvStyle&) = default;
};

struct Target {
  TargetKind kind = TargetKind::oss;
  std::string endpoint;
  std::string bucket;
  std::string access_id;
  Secret access_key;
  Secret security_token;
  std::string ram_role;  // as in TableStoreSource
  std::string metadata_endpoint = "http://100.100.100.200";
  std::string region;  // oss: for signature V4; empty: signature V1. s3: us-east-1 when empty
  bool cname = false;  // the endpoint is a domain bound to the bucket
  Addressing addressing = Addressing::automatic;
  std::string directory;  // localfile: an absolute path that stands for the bucket
  std::string object;     // prefix of the object names, variables filled in
  WriteMode write_mode = WriteMode::truncate;
  TruncateScope truncate_scope = TruncateScope::window;
  FileFormat file_format = FileFormat::csv;
  std::string encoding = "UTF-8";  // an ICU name that make_encoder() takes
  std::string null_format = "null";
  std::string date_format;            // a Java SimpleDateFormat pattern; empty: yyyy-MM-dd HH:mm:ss
  std::string field_delimiter = ",";  // csv: one character
  std::string line_delimiter = "\n";  // csv: "\n", "\r" or "\r\n"
  CsvStyle csv;
  bool binary_base64 = false;       // byteEncoding
  std::vector<std::string> header;  // empty: none
  std::string suffix;               // ".csv" for csv unless given; "" for text
  Compression compression = Compression::none;
  std::uint64_t object_bytes_max = 0;  // then a further object begins; 0: the store's own limit
  std::uint64_t part_bytes = 0;        // of uploads; 0: the store's own choice
  bool write_single_object = false;
  bool empty_object = true;           // a window without rows leaves one
  std::size_t partition_columns = 0;  // so many of the last columns go into the name, the last one first
  std::string storage_class;
  std::string encryption;  // server side: AES256, KMS, SM4
  std::string encryption_key_id;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string manifest;                // prefix of the names of manifests; empty: none are written
  std::vector<std::string> columns;    // names of what is written, for messages and jsonl
  std::string zone = "Asia/Shanghai";  // of dates
};

struct Settings {
  std::optional<std::uint64_t> error_limit = 0;  // dirty rows allowed; nothing: no limit
  std::optional<double> error_percentage{};      // of all rows, 0 .. 100
  std::uint64_t bytes_per_second = 0;            // 0: no limit (mbps counts only with throttle: true)
  std::uint64_t rows_per_second = 0;             // 0: no limit
  std::size_t shards_at_once = 0;                // concurrent, channel; 0: the reader's own choice
};

// What one instance does: everything resolved, secrets in clear.
struct Export {
  pipeline::Window window;
  TableStoreSource source;
  Target target;
  Settings settings;
};

enum class Severity { error, warning };

struct Problem {
  Severity severity = Severity::error;
  std::string file;
  int line = 1;    // from 1
  int column = 1;  // from 1, in characters
  std::string message;
};

// "etc/jobs.d/orders.yaml:12:7: error: reader.parameter.dateTable: unknown key, did you mean dataTable?"
std::string to_string(const Problem& problem);

// A named data source of sluice.yaml: keys and raw values ("${env:NAME}", "file:/path" still unresolved).
struct DataSource {
  std::string type;  // "ots" or "oss"
  std::vector<std::pair<std::string, std::string>> keys;
};
using DataSources = std::vector<std::pair<std::string, DataSource>>;

struct LoadedJobs {
  std::vector<Job> jobs;          // those without errors
  std::vector<Problem> problems;  // all of them, in order of place
};

// Reads one job file, checks everything that can be checked without a connection (section "sluice check" of
// docs/operations.md) and reports all problems at once. Never throws for bad content.
LoadedJobs load_job_file(const std::string& path, const DataSources& sources);

// Values of the job's parameters for the instance scheduled at `scheduled`. invalid_argument names the
// parameter.
Result<ParameterValues> freeze(const Job& job, Instant scheduled);

// The script's retentionWarning; 0 where it has none.
Duration retention_warning(const Job& job);

// The window [start, end) that `values` give this job's script; needs no secrets. Values name local times:
// the instance's slot tells which pass is meant of one that comes twice; without it the first.
Result<pipeline::Window> window_of(const Job& job, const ParameterValues& values,
                                   std::optional<Instant> slot = {});

// The whole export. Reads secrets from where the script or the data source says; errors name key and source,
// never a value.
Result<Export> resolve(const Job& job, const ParameterValues& values, const DataSources& sources,
                       std::optional<Instant> slot = {});

// Whether source and target go together; resolve() has checked what it returns. invalid_argument names the
// keys.
Result<void> check_export(const Export& work);

}  // namespace sluice::job
