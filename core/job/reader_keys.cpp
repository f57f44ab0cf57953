// The keys under reader.parameter.

#include "core/job/job_key_tables.hpp"

#include <array>

namespace sluice::job {
namespace {

constexpr std::string_view kStream = "otsstream";
constexpr std::string_view kTable = "ots";
constexpr std::string_view kNothing = "has no effect";

constexpr std::array kSourceKeys = {
    JobKey{"datasource", "text", "", "",
           "A data source of type `ots` in sluice.yaml, instead of the next keys.", "", "dataSource"},
    JobKey{"endpoint", "text", "(required)", "", "Host, with `https://` or `http://` in front if wanted."},
    JobKey{"instanceName", "text", "(required)", "", "The instance of Table Store."},
    JobKey{"accessId", "text", "(required)", "",
           "The key's name; may be a [reference](#connections-and-credentials)."},
    JobKey{"accessKey", "text", "(required)", "", "The key's secret; likewise."},
    JobKey{"securityToken", "text", "(none)", "", "Of temporary keys (STS)."},
    JobKey{"ramRole", "text", "(none)", "at most 64 characters",
           "In place of `accessId` and `accessKey`: the machine's role by name, or `auto`."},
    JobKey{"metadataEndpoint", "text", "http://100.100.100.200", "", "Where the role's keys are asked for."},
    JobKey{"region", "text", "(none)", "", "Chooses signature V4."},
    JobKey{"dataTable", "text", "(required)", "", "The table.", "", "table"},
    JobKey{"startTimestampMillis", "text", "", "",
           "Start of the window: 14 digits are local time `yyyyMMddHHmmss`, 13 are milliseconds."},
    JobKey{"endTimestampMillis", "text", "", "", "End of the window, itself left out."},
    JobKey{"startTimeString", "text", "", "", "As `startTimestampMillis`."},
    JobKey{"endTimeString", "text", "", "", "As `endTimestampMillis`."},
    JobKey{"date", "text", "", "",
           "A local day `yyyyMMdd`, instead of a range; the template's `yyyyMMdd` beside a range is ignored "
           "with a warning."},
};

constexpr std::array kRowKeys = {
    JobKey{"mode", "word", "multi_version", "single_version_and_update_only, multi_version",
           "In any letter case. The first is row mode, a row for each record; without a mode it is column "
           "mode, a row for each cell.",
           kStream},
    JobKey{"column", "list", "(required in row mode)", "",
           "Maps with `name`, in the order of the output; no effect in column mode.", kStream},
    JobKey{"isExportSequenceInfo", "boolean", "false", "",
           "One more column behind all others: the record's place in the stream.", kStream},
    JobKey{"exportOpType", "boolean", "false", "",
           "Row mode: one more column behind the configured ones: `PUT`, `UPDATE` or `DELETE`.", kStream},
    JobKey{"deletes", "word", "count", "count, export",
           "Row mode: `export` gives a deleted row a row of its key columns; needs `exportOpType`.", kStream},
    JobKey{"putMarker", "word", "DR", "DR, P",
           "Column mode: with `P` the row that begins a put can be told from a delete.", kStream},
    JobKey{
        "binaryFormat", "word", "utf8", "utf8, base64, hex",
        "BINARY values. `utf8` is the original's way: bytes that are no text are lost; `hex` is lower case."},
    JobKey{
        "nonFinite", "word", "fail", "fail, null, text",
        "NaN and infinities: with `fail` the row is [dirty](operations.md#dirty-rows); `text` writes `NaN`, "
        "`Infinity`, `-Infinity`."},
    JobKey{"isTimeseriesTable", "boolean", "false", "",
           "The table is a time series table; in row mode of a stream only."},
};

constexpr std::array kColumnKeys = {
    JobKey{"name", "text", "(required)", "", "The column of the table."},
    JobKey{"type", "word", "(none)", "date",
           "`date`: integers of the column are milliseconds since 1970-01-01 UTC and written by the writer's "
           "`dateFormat`; values of other types are written as they are."},
    JobKey{"is_timeseries_tag", "boolean", "false", "", "The column is the value of the tag of this name.",
           kStream},
    JobKey{"value", "text", "", "", "Constants are not supported.", kTable, "", KeyUse::refused},
    JobKey{"srcName", "text", "", "", "Conversions are not supported.", kTable, "", KeyUse::refused},
};

constexpr std::array kReadingKeys = {
    JobKey{"enableSeekIterator", "boolean", "true", "",
           "The first window of a chain looks for its start by time; `false` reads from the oldest record "
           "kept.",
           kStream},
    JobKey{"fullTableFirst", "boolean", "false", "",
           "The first window of a chain also exports the whole table; see "
           "[A table and then its stream](#a-table-and-then-its-stream).",
           kStream},
    JobKey{"settle", "duration", "60s", "0s .. 1h",
           "How long after the window's end empty answers do not yet count as the end.", kStream},
    JobKey{"onGap", "word", "fail", "fail, continue",
           "`continue` records a lost part of the stream and goes on.", kStream},
    JobKey{"retentionWarning", "duration", "0s", "0s .. 7d",
           "Warn when less time is left until records that are still needed are trimmed; `0s`: half of the "
           "retention.",
           kStream},
    JobKey{"maxRetries", "number", "30", "0 .. 2147483647", "Repeats of one request."},
    JobKey{"retryBudget", "duration", "10m", "0s .. 1h", "Time that one attempt may lose to repeats in all."},
    JobKey{"compressAnswers", "boolean", "false", "", "Ask for compressed answers."},
    JobKey{"statusTable", "text", "(none)", "",
           "The original's status table, of the same instance; not touched without the next two "
           "([take-over.md](take-over.md)).",
           kStream},
    JobKey{"takeOver", "word", "never", "never, ifFound, required",
           "Take the first positions from the status table.", kStream},
    JobKey{"handOver", "boolean", "false", "",
           "After each window write the positions to the status table, so that the original can go on.",
           kStream},
    JobKey{"threadNum", "number", "", "", kNothing, "", "", KeyUse::ignored},
    JobKey{"enableTableGroupSupport", "boolean", "", "", kNothing, kStream, "", KeyUse::ignored},
    JobKey{"confSimplifyEnable", "boolean", "", "", kNothing, kStream, "", KeyUse::ignored},
    JobKey{"newVersion", "boolean", "", "", kNothing, kTable, "", KeyUse::ignored},
    JobKey{"envType", "text", "", "", kNothing, "", "", KeyUse::ignored},
    JobKey{"guid", "text", "", "", kNothing, "", "", KeyUse::ignored},
};

constexpr std::array kTableKeys = {
    JobKey{"column", "list", "(required)", "",
           "Names, or maps with `name` and perhaps `type: date`; constants are refused.", kTable},
    JobKey{"range", "map", "(the whole table)", "", "Keys from `begin`, inclusive, to `end`, exclusive.",
           kTable},
    JobKey{"mode", "word", "normal", "normal", "The newest version of each column; the only one.", kTable},
};

constexpr std::array kRangeKeys = {
    JobKey{
        "begin", "list", "(the least key)", "",
        "A map with `type` and `value` for each column of the key; those left out at the end are `INF_MIN`."},
    JobKey{"end", "list", "(the greatest key)", "", "The same; those left out at the end are `INF_MAX`."},
    JobKey{"split", "list", "", "", "has no effect; the server is asked where to cut the table", "", "",
           KeyUse::ignored},
};

constexpr std::array kBoundKeys = {
    JobKey{"type", "word", "(required)", "STRING, INT, BINARY, INF_MIN, INF_MAX", "In any letter case."},
    JobKey{"value", "text", "(required)", "", "Not with `INF_MIN` and `INF_MAX`; of BINARY in base64."},
};

constexpr std::array<KeySection, 7> kReaderSections{{{"reader.parameter", "source", kSourceKeys},
                                                     {"reader.parameter", "rows", kRowKeys},
                                                     {"reader.parameter.column[]", "", kColumnKeys},
                                                     {"reader.parameter", "reading", kReadingKeys},
                                                     {"reader.parameter", "table", kTableKeys},
                                                     {"reader.parameter.range", "", kRangeKeys},
                                                     {"reader.parameter.range.begin[]", "", kBoundKeys}}};

}  // namespace

std::span<const KeySection> reader_key_sections() { return kReaderSections; }

}  // namespace sluice::job
