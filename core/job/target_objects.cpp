// Which objects a target consists of, and what the store is told of them.

#include "core/job/target_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace sluice::job {
namespace {

// OSS allows 1023 bytes; the window and the number of the object come behind the prefix.
constexpr std::size_t kObjectBytesMax = 960;

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
constexpr std::int64_t kObjectMegabytesMax = 50'000'000;  // OSS: 48.8 TiB
constexpr std::int64_t kPartMegabytesMax = 5'120;         // OSS: 5 GiB
// What an attempt may hold in all, and of it a part that is being filled; docs/oss-writer.md.
constexpr std::int64_t kMegabytesInMemory = 24;
constexpr std::int64_t kPartMegabytesInMemory = kMegabytesInMemory / 2;

constexpr std::array<Word<WriteMode>, 3> kWriteModes{{{"truncate", WriteMode::truncate},
                                                      {"append", WriteMode::append},
                                                      {"nonConflict", WriteMode::non_conflict}}};
constexpr std::array<Word<TruncateScope>, 2> kTruncateScopes{
    {{"window", TruncateScope::window}, {"prefix", TruncateScope::prefix}}};

constexpr std::array<std::string_view, 5> kStorageClasses{"Standard", "IA", "Archive", "ColdArchive",
                                                          "DeepColdArchive"};
constexpr std::array<std::string_view, 3> kEncryptions{"AES256", "KMS", "SM4"};

constexpr std::size_t kMetadataBytesMax = 8 * 1024;    // OSS
constexpr std::size_t kS3MetadataBytesMax = 2 * 1024;  // S3

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; }

void read_object(YamlMap& parameter, Target& target) {
  const auto object = parameter.text("object");
  if (!object && parameter.get("object") != nullptr) return;
  target.object = object.value_or("");
  if (target.object.empty()) {
    parameter.error("object",
                    "empty or missing; give the prefix of the object names, such as instance/table/${date}");
  } else if (const std::string wrong = check_object_prefix(target.object, target.kind); !wrong.empty()) {
    parameter.error("object", wrong);
  }
}

void read_write_mode(YamlMap& parameter, Target& target) {
  read_word(parameter, "writeMode", kWriteModes, target.write_mode);
  read_word(parameter, "truncateScope", kTruncateScopes, target.truncate_scope);
  target.write_single_object = parameter.boolean("writeSingleObject").value_or(false);
  if (target.write_single_object && target.write_mode == WriteMode::append) {
    parameter.error("writeMode",
                    "append cannot be had with writeSingleObject, whose one object is replaced; "
                    "remove one of the two");
  }
  if (target.truncate_scope != TruncateScope::prefix) return;
  if (target.write_mode != WriteMode::truncate) {
    parameter.error("truncateScope", "prefix needs writeMode: truncate; set that, or remove this");
  } else if (target.write_single_object) {
    parameter.error(
        "truncateScope",
        "prefix cannot be had with writeSingleObject, which replaces just its one object; remove it");
  }
}

// The end of names when none is given: what the bytes are.
std::string usual_suffix(const Target& target) {
  constexpr std::array<std::string_view, 3> kFormats{".csv", "", ".jsonl"};
  constexpr std::array<std::string_view, 3> kCompressions{"", ".gz", ".zst"};
  return fmt::format("{}{}", kFormats[static_cast<std::size_t>(target.file_format)],
                     kCompressions[static_cast<std::size_t>(target.compression)]);
}

// Trimmed and with its dot.
void read_suffix(YamlMap& parameter, Target& target) {
  const auto suffix = parameter.text("suffix");
  if (!suffix) {
    target.suffix = usual_suffix(target);
    return;
  }
  const std::size_t first = suffix->find_first_not_of(" \t");
  if (first == std::string::npos) return;
  target.suffix = suffix->substr(first, suffix->find_last_not_of(" \t") - first + 1);
  if (!target.suffix.starts_with('.')) target.suffix.insert(0, ".");
  constexpr std::size_t kSuffixBytesMax = 32;
  const bool legal = std::none_of(target.suffix.begin(), target.suffix.end(),
                                  [](char c) { return is_control(c) || c == '/' || c == '\\'; });
  if (!legal || target.suffix.size() > kSuffixBytesMax) {
    parameter.error("suffix", fmt::format("expected at most {} bytes without \"/\", \"\\\" and control "
                                          "characters, such as .csv",
                                          kSuffixBytesMax));
  }
}

void read_compression(YamlMap& parameter, Target& target) {
  const auto word = parameter.text("compress");
  if (!word || word->empty() || *word == "none") return;
  const std::string known = lower_case(*word);
  if (known == "gzip") {
    target.compression = Compression::gzip;
  } else if (known == "zstd") {
    target.compression = Compression::zstd;
  } else {
    parameter.error("compress", fmt::format("expected gzip, zstd or none, got \"{}\"", *word));
  }
}

void read_sizes(YamlMap& parameter, Target& target) {
  const auto object = parameter.integer("maxFileSize", 1, kObjectMegabytesMax);
  const auto part = parameter.integer("blockSizeInMB", 1, kPartMegabytesMax);
  if (part) target.part_bytes = static_cast<std::uint64_t>(*part) * kMebibyte;
  if (part && *part > kPartMegabytesInMemory) {
    parameter.warning("blockSizeInMB",
                      fmt::format("parts are sent earlier, because an attempt holds {} MB in all; "
                                  "{} or less are kept to",
                                  kMegabytesInMemory, kPartMegabytesInMemory));
  }
  if (object && target.write_single_object) {
    parameter.warning("maxFileSize", "has no effect with writeSingleObject");
  } else if (object) {
    target.object_bytes_max = static_cast<std::uint64_t>(*object) * kMebibyte;
  }
  target.empty_object = parameter.boolean("generateEmptyFile").value_or(true);
}

// Only the number of the list's items counts, as in the original.
void read_partition(YamlMap& parameter, Target& target) {
  const auto columns = parameter.texts("partition");
  if (!columns || columns->empty()) return;
  if (target.write_single_object) {
    parameter.warning("partition", "has no effect with writeSingleObject");
  } else {
    target.partition_columns = columns->size();
  }
}

// true: beside the objects, in a folder that their prefix does not reach.
void read_manifest(YamlMap& parameter, Target& target) {
  const auto text = parameter.text("manifest");
  if (!text || text->empty()) return;
  const std::string word = lower_case(*text);
  if (word == "false") return;
  target.manifest = word == "true" ? "_manifest/" + target.object : *text;
  if (const std::string wrong = check_object_prefix(target.manifest, target.kind); !wrong.empty()) {
    parameter.error("manifest", wrong);
  } else if (target.object.empty()) {
    return;  // reported
  } else if (target.manifest.starts_with(target.object)) {
    parameter.error("manifest",
                    fmt::format("begins with the value of object, so readers of the data would meet "
                                "manifests; give another prefix, such as _manifest/{}",
                                target.object));
  }
}

void read_storage_class(YamlMap& parameter, Target& target) {
  const auto given = parameter.text("storageClass");
  if (!given || given->empty()) return;
  const auto known = std::find_if(kStorageClasses.begin(), kStorageClasses.end(), [&](std::string_view name) {
    return lower_case(name) == lower_case(*given);
  });
  if (known != kStorageClasses.end()) {
    target.storage_class = *known;
    return;
  }
  parameter.error("storageClass",
                  fmt::format("expected {}, got \"{}\"",
                              join_names({kStorageClasses.begin(), kStorageClasses.end()}, " or "), *given));
}

void read_encryption(YamlMap& parameter, Target& target) {
  const bool encrypt = parameter.boolean("encrypt").value_or(false);
  const auto given = parameter.text("serverSideEncryption");
  if (encrypt) target.encryption = kEncryptions[0];
  if (given && !given->empty()) {
    std::string word = lower_case(*given);
    if (word == "aws:kms") word = "kms";
    const auto known = std::find_if(kEncryptions.begin(), kEncryptions.end(),
                                    [&](std::string_view name) { return lower_case(name) == word; });
    if (known == kEncryptions.end()) {
      parameter.error("serverSideEncryption", fmt::format("expected AES256, KMS or SM4, got \"{}\"", *given));
    } else if (*known == "SM4" && target.kind == TargetKind::s3) {
      parameter.error("serverSideEncryption", "SM4 is OSS's own; use AES256 or KMS");
    } else if (encrypt && *known != "AES256") {
      parameter.error("serverSideEncryption",
                      "contradicts encrypt: true, which means AES256; remove encrypt");
    } else {
      target.encryption = *known;
    }
  }
  target.encryption_key_id = parameter.text("serverSideEncryptionKeyId").value_or("");
  const std::string& id = target.encryption_key_id;
  if (std::any_of(id.begin(), id.end(), is_control)) {
    parameter.error("serverSideEncryptionKeyId", "holds a control character; write the id alone");
  } else if (!id.empty() && target.encryption != "KMS") {
    parameter.error("serverSideEncryptionKeyId", "needs serverSideEncryption: KMS; set that, or remove this");
  }
}

bool is_metadata_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_metadata_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; }) &&
         (value.empty() || (value.front() != ' ' && value.back() != ' '));
}

void read_metadata(YamlMap& parameter, Target& target) {
  if (parameter.get("metadata") == nullptr) return;
  YamlMap metadata = parameter.map("metadata");
  const std::size_t bytes_max = target.kind == TargetKind::s3 ? kS3MetadataBytesMax : kMetadataBytesMax;
  std::size_t bytes = 0;
  std::set<std::string> seen;
  for (const YamlNode& key : metadata.node().keys) {
    const auto value = metadata.text(key.text);
    if (!value) continue;  // without a value, or reported
    std::string name = lower_case(key.text);
    bytes += name.size() + value->size();
    if (!is_metadata_name(name)) {
      metadata.error(key.text, "a name of metadata is letters, digits and \"-\"; rename it");
    } else if (name.starts_with("x-oss-") || name.starts_with("x-amz-")) {
      metadata.error(key.text, "give the name alone; what comes before it in the header is added");
    } else if (!is_metadata_value(*value)) {
      metadata.error(key.text, "a value of metadata is printable ASCII without blanks around it; encode it");
    } else if (!seen.insert(name).second) {
      metadata.error(key.text, "differs from another name in letter case only; keep one of the two");
    } else {
      target.metadata.emplace_back(std::move(name), *value);
    }
  }
  if (bytes > bytes_max) {
    parameter.error("metadata", fmt::format("longer than {} bytes in all; shorten it", bytes_max));
  }
}

}  // namespace

std::string check_object_prefix(std::string_view prefix, TargetKind kind) {
  if (prefix.starts_with('/') || prefix.starts_with('\\')) {
    return kind == TargetKind::localfile ? "is relative to directory; remove the \"/\" it begins with"
                                         : "OSS refuses names that begin with \"/\" or \"\\\"; remove it";
  }
  if (prefix.size() > kObjectBytesMax) return fmt::format("longer than {} bytes", kObjectBytesMax);
  if (std::any_of(prefix.begin(), prefix.end(), is_control)) return "holds a control character; remove it";
  if (kind != TargetKind::localfile) return {};
  for (std::string_view rest = prefix; !rest.empty();) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view name = rest.substr(0, slash);
    if (name == "." || name == ".." || (name.empty() && slash < rest.size())) {
      return "may not hold \".\", \"..\" or nothing between two \"/\"; write the path below directory";
    }
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  return {};
}

void read_objects(YamlMap& parameter, Target& target) {
  read_object(parameter, target);
  read_write_mode(parameter, target);
  read_compression(parameter, target);
  read_suffix(parameter, target);
  read_sizes(parameter, target);
  read_partition(parameter, target);
  read_manifest(parameter, target);
}

void read_object_traits(YamlMap& parameter, Target& target) {
  read_storage_class(parameter, target);
  read_encryption(parameter, target);
  read_metadata(parameter, target);
}

}  // namespace sluice::job
