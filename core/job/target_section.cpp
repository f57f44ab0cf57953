// The writer of a script: what kind of target it is, where that is, and which keys it has.

#include "core/job/job_keys.hpp"
#include "core/job/references.hpp"
#include "core/job/sections.hpp"
#include "core/job/target_keys.hpp"
#include "core/job/yaml_map.hpp"

#include <fmt/format.h>

#include <array>

namespace sluice::job {
namespace {

constexpr std::array<std::string_view, 4> kStoreRequired{"endpoint", "accessId", "accessKey", "bucket"};
constexpr std::array<std::string_view, 6> kOssOptional{"securityToken", "ramRole", "metadataEndpoint",
                                                       "region",        "cname",   "addressing"};
constexpr std::array<std::string_view, 3> kS3Optional{"securityToken", "region", "addressing"};
constexpr std::array<std::string_view, 1> kFolderRequired{"directory"};
constexpr ConnectionKind kOss{"oss", "OSS", kStoreRequired, kOssOptional};
constexpr ConnectionKind kS3{"s3", "S3", kStoreRequired, kS3Optional};
constexpr ConnectionKind kFolder{"localfile", "localfile", kFolderRequired, {}};

constexpr std::array<std::pair<std::string_view, Addressing>, 3> kAddressing{
    {{"auto", Addressing::automatic}, {"path", Addressing::path}, {"virtual", Addressing::virtual_host}}};

bool is_true(std::string_view text) { return lower_case(text) == "true"; }

std::string_view plugin_of(TargetKind kind) {
  constexpr std::array<std::string_view, 4> kPlugins{"oss", "s3", "localfile", "stream"};
  return kPlugins[static_cast<std::size_t>(kind)];
}

// What is wrong with how buckets are addressed, or "". A reference is taken as right.
std::string check_addressing(const Connection& connection) {
  const std::string& word = connection.get("addressing");
  if (word.empty() || is_reference(word)) return {};
  const auto known = std::find_if(kAddressing.begin(), kAddressing.end(),
                                  [&](const auto& pair) { return pair.first == word; });
  if (known == kAddressing.end()) return fmt::format("expected auto, path or virtual, got \"{}\"", word);
  if (known->second != Addressing::automatic && is_true(connection.get("cname"))) {
    return "cannot be had with cname: true, where the host is the bucket's own; remove one of the two";
  }
  return {};
}

// What is wrong with the word for a bound domain, or "". A reference is taken as right.
std::string check_cname(const Connection& connection) {
  const std::string& word = connection.get("cname");
  if (word.empty() || is_reference(word) || is_true(word) || lower_case(word) == "false") return {};
  return fmt::format("expected true or false, got \"{}\"", word);
}

// What is wrong with the directory that stands for a bucket, or "". A reference is taken as right.
std::string check_directory(const std::string& directory) {
  if (directory.empty() || is_reference(directory)) return {};
  if (!directory.starts_with('/')) return "expected an absolute path, such as /var/lib/sluice/export";
  if (directory.find('\0') != std::string::npos) return "holds a zero byte; remove it";
  return {};
}

std::string endpoint_bucket(const Connection& connection) {
  return is_true(connection.get("cname")) ? "" : connection.get("bucket");
}

struct ConnectionCheck {
  std::string_view key;
  std::string wrong;
};

// What is wrong with a connection to `kind`; `wrong` is empty when nothing is.
ConnectionCheck check_connection(TargetKind kind, const Connection& connection) {
  if (kind == TargetKind::stream) return {};
  if (kind == TargetKind::localfile) return {"directory", check_directory(connection.get("directory"))};
  std::string wrong = check_endpoint(connection.get("endpoint"), endpoint_bucket(connection));
  if (!wrong.empty()) return {"endpoint", std::move(wrong)};
  if (std::string cname = check_cname(connection); !cname.empty()) return {"cname", std::move(cname)};
  return {"addressing", check_addressing(connection)};
}

void read_target_connection(YamlMap& parameter, TargetKind kind, const DataSources& sources,
                            Connection& connection) {
  if (kind == TargetKind::stream) return;
  const ConnectionKind& known = kind == TargetKind::oss ? kOss : kind == TargetKind::s3 ? kS3 : kFolder;
  connection = read_connection(parameter, known, sources);
  const ConnectionCheck check = check_connection(kind, connection);
  if (!check.wrong.empty()) report_value(parameter, connection, check.key, check.wrong);
}

// A key that another kind of target has, given to this one, was meant to do something.
void refuse_keys_of_others(YamlMap& parameter, TargetKind kind) {
  for (const JobKey& key : declared_keys("writer.parameter")) {
    if (key.is_of(plugin_of(kind))) continue;
    for (const std::string_view name : {key.name, key.alias}) {
      if (name.empty() || parameter.get(name) == nullptr) continue;
      parameter.error(name, fmt::format("has no meaning for plugin {}; remove it", plugin_of(kind)));
    }
  }
}

// Whether it asks for nothing, which is all that a refused key may do.
bool asks_for_nothing(const YamlNode& node, std::string_view harmless) {
  if (node.kind != YamlNode::Kind::scalar) return node.items.empty();
  return node.text.empty() || node.text == harmless;
}

// Keys of the original whose work is not done here: better refused than passed over.
void refuse_keys(YamlMap& parameter) {
  for (const JobKey& key : declared_keys("writer.parameter")) {
    if (key.use == KeyUse::ignored) parameter.ignore(key.name, key.help);
    if (key.use != KeyUse::refused) continue;
    const YamlNode* node = parameter.get(key.name);
    if (node != nullptr && !asks_for_nothing(*node, key.fallback)) parameter.error(key.name, key.help);
  }
}

// false would count rows as exported that are nowhere.
void read_print(YamlMap& parameter, Target& target) {
  target.object = "stdout";
  if (!parameter.boolean("print").value_or(true)) {
    parameter.error("print", "false would count rows as exported and throw them away; remove it");
  }
}

}  // namespace

TargetSection read_target(const YamlNode& node, TargetKind kind, const DataSources& sources,
                          ProblemList& problems) {
  YamlMap parameter(node, "writer.parameter", problems);
  TargetSection section;
  Target& target = section.target;
  target.kind = kind;
  read_target_connection(parameter, kind, sources, section.connection);
  target.cname = is_true(section.connection.get("cname"));
  read_row_format(parameter, target);
  if (kind == TargetKind::stream) {
    read_print(parameter, target);
  } else {
    read_objects(parameter, target);
  }
  if (kind == TargetKind::oss || kind == TargetKind::s3) read_object_traits(parameter, target);
  refuse_keys_of_others(parameter, kind);
  refuse_keys(parameter);
  parameter.finish(declared_names("writer.parameter"));
  return section;
}

Result<Target> connect(TargetSection section) {
  auto opened = open_connection(std::move(section.connection));
  if (!opened) return opened.error();
  Target& target = section.target;
  if (const ConnectionCheck check = check_connection(target.kind, *opened); !check.wrong.empty()) {
    return Error(Errc::invalid_argument, fmt::format("{}: {}: {}", opened->origin, check.key, check.wrong));
  }
  target.directory = opened->get("directory");
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
  for (const auto& [word, addressing] : kAddressing) {
    if (word == opened->get("addressing")) target.addressing = addressing;
  }
  return std::move(target);
}

}  // namespace sluice::job
