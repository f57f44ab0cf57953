// The keys under writer.parameter, and those of the settings.

#include "core/job/job_key_tables.hpp"

#include <array>

namespace sluice::job {
namespace {

constexpr std::string_view kStores = "oss, s3";
constexpr std::string_view kFiles = "oss, s3, localfile";
constexpr std::string_view kNoEffect = "has no effect";
constexpr std::string_view kNoProxy = "has no effect; the key proxy of sluice.yaml sets one";
constexpr std::string_view kNoCopies =
    "files cannot be copied as they are; remove it and name the columns to write";
constexpr std::string_view kNoInserts = "belongs to INSERT statements, which cannot be written; remove it";
constexpr std::string_view kNoParquet = "belongs to orc and parquet, which cannot be written; remove it";

constexpr std::array kPlaceKeys = {
    JobKey{"datasource", "text", "", "",
           "A data source of the plugin's type in sluice.yaml, instead of the next keys.", kFiles,
           "dataSource"},
    JobKey{"endpoint", "text", "(required)", "", "Host, without the bucket.", kStores},
    JobKey{"bucket", "text", "(required)", "", "The bucket.", kStores},
    JobKey{"accessId", "text", "(required)", "",
           "The key's name; may be a [reference](#connections-and-credentials).", kStores},
    JobKey{"accessKey", "text", "(required)", "", "The key's secret; likewise.", kStores},
    JobKey{"securityToken", "text", "(none)", "", "Of temporary keys (STS).", kStores},
    JobKey{"region", "text", "(none)", "", "Of signature V4; with `s3` `us-east-1` unless given.", kStores},
    JobKey{"addressing", "word", "auto", "auto, path, virtual", "The bucket in the path or in the host name.",
           kStores},
    JobKey{"ramRole", "text", "(none)", "at most 64 characters",
           "In place of `accessId` and `accessKey`: the machine's role by name, or `auto`.", "oss"},
    JobKey{"metadataEndpoint", "text", "http://100.100.100.200", "", "Where the role's keys are asked for.",
           "oss"},
    JobKey{"cname", "boolean", "false", "", "The endpoint is a domain bound to the bucket.", "oss"},
    JobKey{"directory", "text", "(required)", "",
           "An absolute path, the place of a bucket; DataX calls it `path`.", "localfile"},
    JobKey{"print", "boolean", "true", "true",
           "Rows go to standard output; `false` is refused, because rows would count as exported and be "
           "nowhere.",
           "stream"},
};

constexpr std::array kObjectKeys = {
    JobKey{"object", "text", "(required)", "at most 960 bytes",
           "Prefix of the object names, not beginning with `/`; with `localfile` also `fileName`.", kFiles},
    JobKey{"writeMode", "word", "truncate", "truncate, append, nonConflict",
           "What happens to objects that are there; see [oss-writer.md](oss-writer.md).", kFiles},
    JobKey{
        "truncateScope", "word", "window", "window, prefix",
        "What `truncate` replaces: the objects of the same window, or with `prefix` everything that begins "
        "with `object`, as the original does. Not with `writeSingleObject` or `fullTableFirst`.",
        kFiles},
    JobKey{"writeSingleObject", "boolean", "false", "",
           "One object with exactly the name `object`; not with `append`.", kFiles},
    JobKey{"suffix", "text", "(what the bytes are)", "at most 32 bytes",
           "End of the object names; a missing dot is added. Without the key `.csv` or `.jsonl` (text: "
           "nothing). Behind it `.gz` or `.zst` if compressed, unless it ends so.",
           kFiles},
    JobKey{"compress", "word", "none", "gzip, zstd, none", "In any letter case.", kFiles},
    JobKey{"maxFileSize", "number", "(the store's own limit)", "1 .. 50000000",
           "Megabytes of an object; then a further object begins. Without effect with `writeSingleObject`.",
           kFiles},
    JobKey{
        "blockSizeInMB", "number", "(the store's own choice)", "1 .. 5120",
        "Megabytes of a part of an upload; an attempt holds 24 MB in all, so larger parts are sent earlier.",
        kFiles},
    JobKey{"generateEmptyFile", "boolean", "true", "",
           "A window without rows leaves an empty object, or one with the header alone.", kFiles},
    JobKey{"partition", "list", "(none)", "",
           "As many of the last columns as it has items go into the [names of the "
           "objects](oss-writer.md#partition). Without effect with `writeSingleObject`.",
           kFiles},
    JobKey{"manifest", "text", "false", "at most 960 bytes",
           "Prefix of the names of manifests, or `true`: `_manifest/` and the value of `object`. It must not "
           "begin with `object`.",
           kFiles},
};

constexpr std::array kTraitKeys = {
    JobKey{"storageClass", "word", "(the bucket's)", "Standard, IA, Archive, ColdArchive, DeepColdArchive",
           "In any letter case.", kStores},
    JobKey{"encrypt", "boolean", "false", "", "`true`: the same as `serverSideEncryption: AES256`.", kStores},
    JobKey{"serverSideEncryption", "word", "(the bucket's)", "AES256, KMS, SM4",
           "In any letter case; `SM4` with `oss` only.", kStores},
    JobKey{"serverSideEncryptionKeyId", "text", "(the store's)", "", "The key of `KMS`.", kStores},
    JobKey{"metadata", "map", "(none)", "",
           "Names (letters, digits, `-`) and printable values, at most 8 KiB (`s3`: 2 KiB).", kStores},
};

constexpr std::array kFormatKeys = {
    JobKey{"fileFormat", "word", "text", "csv, text, jsonl",
           "`parquet` and `orc` are refused, because Debian 12 has no library for them, and so is `sql`."},
    JobKey{"encoding", "word", "UTF-8",
           "UTF-8, UTF-16, UTF-16BE, UTF-16LE, GBK, GB18030, GB2312, Big5, Shift_JIS, EUC-JP, EUC-KR, "
           "ISO-8859-1, windows-1252, US-ASCII",
           "In any letter case, and Java's names for them. A row with a character that the encoding does not "
           "have is [dirty](operations.md#dirty-rows). `jsonl` is UTF-8."},
    JobKey{"nullFormat", "text", "\"null\"", "", "What stands for a missing value (csv, text)."},
    JobKey{"dateFormat", "text", "yyyy-MM-dd HH:mm:ss", "", "Pattern of dates, as Java's SimpleDateFormat."},
    JobKey{"fieldDelimiter", "text", "\",\"", "",
           "csv: one character, no quote and no line end; text: any string. `\\t`, `\\n`, `\\r`, `\\\\` and "
           "`\\uXXXX` may also be written as text. With `stream` and text it is a tab unless given."},
    JobKey{"lineDelimiter", "text", "\"\\n\"", "",
           "csv: `\\n`, `\\r\\n` or `\\r`; text: any string but an empty one."},
    JobKey{
        "header", "list", "[]", "",
        "Names, the first line of each object. `jsonl`: the names of the values, in place of the columns'."},
    JobKey{"byteEncoding", "word", "(none)", "base64",
           "Binary values in base64; what the reader has made a text already (`binaryFormat`) stays."},
    JobKey{"csvWriterConfig", "map", "", "", "How csv fields are quoted; needs `fileFormat: csv`."},
};

constexpr std::array kRefusedKeys = {
    JobKey{"syncMode", "text", "", "", kNoCopies, "", "", KeyUse::refused},
    JobKey{"copy", "boolean", "false", "", kNoCopies, "", "", KeyUse::refused},
    JobKey{"truncateMode", "text", "objectMatch", "",
           "belongs to the copying of files; remove it, and see truncateScope for what truncate replaces", "",
           "", KeyUse::refused},
    JobKey{"table", "text", "", "", kNoInserts, "", "", KeyUse::refused},
    JobKey{"quoteChar", "text", "", "", kNoInserts, "", "", KeyUse::refused},
    JobKey{"parquetSchema", "text", "", "", kNoParquet, "", "", KeyUse::refused},
    JobKey{"hadoopConfig", "map", "", "", kNoParquet, "", "", KeyUse::refused},
    JobKey{"column", "list", "", "", kNoParquet, "", "", KeyUse::refused},
    JobKey{"envType", "text", "", "", kNoEffect, "", "", KeyUse::ignored},
    JobKey{"guid", "text", "", "", kNoEffect, "", "", KeyUse::ignored},
    JobKey{"format", "text", "", "", kNoEffect, "", "", KeyUse::ignored},
    JobKey{"commitSize", "text", "", "", kNoEffect, "", "", KeyUse::ignored},
    JobKey{"proxyHost", "text", "", "", kNoProxy, "", "", KeyUse::ignored},
    JobKey{"proxyPort", "text", "", "", kNoProxy, "", "", KeyUse::ignored},
};

constexpr std::array kCsvKeys = {
    JobKey{"textQualifier", "text", "'\"'", "", "The quote; one visible ASCII character."},
    JobKey{"useTextQualifier", "boolean", "true", "",
           "`false`: nothing is quoted. With `escapeMode: 2` delimiters and line ends in values are escaped, "
           "without it they make the row dirty."},
    JobKey{"forceQualifier", "boolean", "false", "", "Every field is quoted."},
    JobKey{"escapeMode", "number", "1", "1 .. 2",
           "`1`: a quote within quotes is doubled; `2`: a backslash stands before it."},
    JobKey{"comment", "text", "\"#\"", "", "A first field that begins with it is quoted."},
    JobKey{"delimiter", "text", "", "", "Wins over `fieldDelimiter`."},
    JobKey{"recordDelimiter", "text", "", "", "Wins over `lineDelimiter`."},
};

constexpr std::array kSettingKeys = {
    JobKey{"errorLimit", "map", "", "", "How many rows a window may leave out."},
    JobKey{"speed", "map", "", "", "How fast, and how much at once."},
    JobKey{"executeMode", "text", "", "", kNoEffect, "", "", KeyUse::ignored},
    JobKey{"failoverEnable", "boolean", "", "", kNoEffect, "", "", KeyUse::ignored},
    JobKey{"jvmOption", "text", "", "", kNoEffect, "", "", KeyUse::ignored},
    JobKey{"jvmMemory", "text", "", "", kNoEffect, "", "", KeyUse::ignored},
    JobKey{"locale", "text", "", "", kNoEffect, "", "", KeyUse::ignored},
    JobKey{"common", "map", "", "", kNoEffect, "", "", KeyUse::ignored},
    JobKey{"keyVersion", "text", "", "", kNoEffect, "", "", KeyUse::ignored},
};

constexpr std::array kErrorLimitKeys = {
    JobKey{"record", "number", "0", "-1 ..",
           "[Dirty rows](operations.md#dirty-rows) that a window may leave out; with more it fails. Blank or "
           "`-1`: any number."},
    JobKey{
        "percentage", "fraction", "(none)", "0 .. 1",
        "How many of the window's rows may be dirty: `0.02` is 2 %. Looked at when all rows are read. Beside "
        "`record` both hold; alone it takes the place of `record`."},
    JobKey{"strategy", "word", "(none)", "ZeroTolerance, Tolerance, Ignore",
           "None; what `record` and `percentage` allow; any number."},
};

constexpr std::array kSpeedKeys = {
    JobKey{"throttle", "boolean", "false", "", "Whether `mbps` counts."},
    JobKey{"mbps", "number", "(none)", "0 .. 1000000", "MiB a second that are written at most."},
    JobKey{"byte", "number", "(no limit)", "-1 ..",
           "Bytes a second that are written at most; with `mbps` the smaller of the two holds."},
    JobKey{"record", "number", "(no limit)", "-1 ..", "Rows a second at most."},
    JobKey{
        "concurrent", "number", "(the reader's choice)", "1 .. 1000",
        "So many shards of a stream (32 unless given) or ranges of a table (8) are read at once. With fewer "
        "than there are, those furthest behind come first, and one that has nothing more yet makes room.",
        "", "channel"},
};

constexpr std::array<KeySection, 9> kWriterSections{{{"writer.parameter", "place", kPlaceKeys},
                                                     {"writer.parameter", "objects", kObjectKeys},
                                                     {"writer.parameter", "traits", kTraitKeys},
                                                     {"writer.parameter", "format", kFormatKeys},
                                                     {"writer.parameter.csvWriterConfig", "", kCsvKeys},
                                                     {"writer.parameter", "original", kRefusedKeys},
                                                     {"setting", "", kSettingKeys},
                                                     {"setting.errorLimit", "", kErrorLimitKeys},
                                                     {"setting.speed", "", kSpeedKeys}}};

}  // namespace

std::span<const KeySection> writer_key_sections() { return kWriterSections; }

}  // namespace sluice::job
