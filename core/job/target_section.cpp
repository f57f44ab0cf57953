#include "core/job/sections.hpp"
#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::job {
namespace {

constexpr std::array<std::string_view, 4> kTargetRequired{"endpoint", "accessId", "accessKey", "bucket"};
constexpr std::array<std::string_view, 5> kTargetOptional{"securityToken", "ramRole", "metadataEndpoint",
                                                          "region", "cname"};
constexpr ConnectionKind kOss{"oss", "OSS", kTargetRequired, kTargetOptional};

// OSS allows 1023 bytes; the window and the number of the object come behind the prefix.
constexpr std::size_t kObjectBytesMax = 960;

bool is_true(std::string_view text) { return text == "true" || text == "True" || text == "TRUE"; }

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void read_object(YamlMap& parameter, Target& target) {
  const auto object = parameter.text("object");
  if (!object && parameter.get("object") != nullptr) return;
  target.object = object.value_or("");
  if (target.object.empty()) {
    parameter.error("object",
                    "empty or missing; give the prefix of the object names, such as instance/table/${date}");
  } else if (target.object.starts_with('/') || target.object.starts_with('\\')) {
    parameter.error("object", "OSS refuses names that begin with \"/\" or \"\\\"; remove it");
  } else if (target.object.size() > kObjectBytesMax) {
    parameter.error("object", fmt::format("longer than {} bytes", kObjectBytesMax));
  }
}

void read_write_mode(YamlMap& parameter, Target& target) {
  const auto mode = parameter.text("writeMode");
  if (!mode || *mode == "truncate") return;
  if (*mode == "append") {
    target.write_mode = WriteMode::append;
  } else if (*mode == "nonConflict") {
    target.write_mode = WriteMode::non_conflict;
  } else {
    parameter.error("writeMode", fmt::format("expected truncate, append or nonConflict, got \"{}\"", *mode));
  }
}

// As in the original, a missing fileFormat means text.
void read_format(YamlMap& parameter, Target& target) {
  const auto format = parameter.text("fileFormat");
  const bool broken = parameter.get("fileFormat") != nullptr && !format;
  if (broken) return;
  target.file_format = FileFormat::text;
  if (format == "csv") {
    target.file_format = FileFormat::csv;
  } else if (format && *format != "text") {
    parameter.error("fileFormat",
                    fmt::format("\"{}\" is not supported; supported are csv and text", *format));
  }
}

void read_delimiter(YamlMap& parameter, Target& target) {
  const auto delimiter = parameter.text("fieldDelimiter");
  if (!delimiter) return;
  target.field_delimiter = *delimiter;
  if (target.file_format != FileFormat::csv) return;
  if (count_characters(*delimiter) != 1) {
    parameter.error("fieldDelimiter",
                    fmt::format("csv needs exactly one character, got \"{}\" (a tab is \"\\t\" in "
                                "double quotes)",
                                *delimiter));
  } else if (*delimiter == "\"" || *delimiter == "\n" || *delimiter == "\r") {
    parameter.error("fieldDelimiter", "a quote or a line end cannot separate csv fields; use \",\"");
  }
}

void read_encoding(YamlMap& parameter, Target& target) {
  const auto encoding = parameter.text("encoding");
  constexpr std::array<std::string_view, 6> kUtf8{"", "UTF-8", "utf-8", "UTF8", "utf8", "Utf-8"};
  target.encoding = "UTF-8";
  if (encoding && std::find(kUtf8.begin(), kUtf8.end(), *encoding) == kUtf8.end()) {
    parameter.error("encoding", fmt::format("\"{}\" is not supported yet; use UTF-8", *encoding));
  }
}

// Trimmed and with its dot; ".csv" for csv when not given.
void read_suffix(YamlMap& parameter, Target& target) {
  const auto suffix = parameter.text("suffix");
  if (!suffix) {
    target.suffix = target.file_format == FileFormat::csv ? ".csv" : "";
    return;
  }
  const std::size_t first = suffix->find_first_not_of(" \t");
  if (first == std::string::npos) return;
  target.suffix = suffix->substr(first, suffix->find_last_not_of(" \t") - first + 1);
  if (!target.suffix.starts_with('.')) target.suffix.insert(0, ".");
}

// Keys of the original that would change the data: better refused than passed over.
void read_unsupported(YamlMap& parameter) {
  const auto refuse = [&](std::string_view key, std::string_view harmless, std::string_view message) {
    const auto text = parameter.text(key);
    if (text && !text->empty() && *text != harmless) parameter.error(key, message);
  };
  refuse("compress", "none", "compression is not supported yet; remove it");
  refuse("byteEncoding", "", "is not supported yet; remove it, binary values are then written as they are");
  refuse("syncMode", "", "copying files is not supported; remove it");
  refuse("truncateMode", "objectMatch",
         "is not supported yet; remove it, truncate replaces what the window wrote");
  refuse("lineDelimiter", "\n", "only \"\\n\" is supported yet; remove it");
  if (parameter.boolean("encrypt").value_or(false)) {
    parameter.error("encrypt", "is not supported yet; switch server-side encryption on for the bucket");
  }
  for (const std::string_view key : {"partition", "csvWriterConfig"}) {
    const YamlNode* node = parameter.get(key);
    if (node != nullptr && !node->items.empty()) parameter.error(key, "is not supported yet; remove it");
  }
  for (const std::string_view key : {"maxFileSize", "blockSizeInMB", "generateEmptyFile", "envType", "guid",
                                     "format", "commitSize", "proxyHost", "proxyPort"}) {
    parameter.ignore(key, "has no effect");
  }
}

}  // namespace

TargetSection read_target(const YamlNode& node, const DataSources& sources, ProblemList& problems) {
  YamlMap parameter(node, "writer.parameter", problems);
  TargetSection section;
  Target& target = section.target;
  section.connection = read_connection(parameter, kOss, sources);
  target.cname = is_true(section.connection.get("cname"));
  report_endpoint(parameter, section.connection, target.cname ? "" : section.connection.get("bucket"));
  read_object(parameter, target);
  read_write_mode(parameter, target);
  read_format(parameter, target);
  read_delimiter(parameter, target);
  read_encoding(parameter, target);
  read_suffix(parameter, target);
  target.null_format = parameter.text("nullFormat").value_or(target.null_format);
  target.date_format = parameter.text("dateFormat").value_or("");
  target.header = parameter.texts("header").value_or(std::vector<std::string>());
  target.write_single_object = parameter.boolean("writeSingleObject").value_or(false);
  read_unsupported(parameter);
  parameter.finish();
  return section;
}

Result<Target> connect(TargetSection section) {
  auto opened = open_connection(std::move(section.connection));
  if (!opened) return opened.error();
  Target& target = section.target;
  target.endpoint = opened->get("endpoint");
  target.bucket = opened->get("bucket");
  target.access_id = opened->get("accessId");
  target.access_key = Secret(opened->get("accessKey"));
  target.security_token = Secret(opened->get("securityToken"));
  target.ram_role = opened->get("ramRole");
  if (const std::string& given = opened->get("metadataEndpoint"); !given.empty()) {
    target.metadata_endpoint = given;
  }
  target.region = opened->get("region");
  target.cname = is_true(opened->get("cname"));
  const std::string bucket = target.cname ? "" : target.bucket;
  if (const std::string wrong = check_endpoint(target.endpoint, bucket); !wrong.empty()) {
    return Error(Errc::invalid_argument, fmt::format("{}: endpoint: {}", opened->origin, wrong));
  }
  return std::move(target);
}

}  // namespace sluice::job
