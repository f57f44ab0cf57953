#include "core/job/target_keys.hpp"
#include "tests/unit/core/job/target_text.hpp"

using namespace sluice;
using namespace sluice::job;
using namespace sluice::job::test;

namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;

Target with(std::string_view line) { return target_of(with_line(line)); }

std::vector<std::string> object_problems(std::string_view object) {
  std::vector<std::string> texts =
      problems(replaced(kGood, "object: instance/orders/{date}", "object: " + std::string(object)));
  std::erase_if(texts, [](const std::string& text) { return text.ends_with("not used in the script"); });
  for (std::string& text : texts) text.erase(0, text.find("error: "));
  return texts;
}

}  // namespace

TEST_CASE("target: the guide's {date} in object is the business date") {
  CHECK(target_of(kGood).object == "instance/orders/20181015");
  CHECK(target_of(replaced(kGood, "{date}", "${date}/x")).object == "instance/orders/20181015/x");
}

TEST_CASE("target: object is a prefix that the store takes") {
  CHECK(object_problems("''") ==
        error_of("object: empty or missing; give the prefix of the object names, such "
                 "as instance/table/${date}"));
  CHECK(object_problems("/orders/{date}") ==
        error_of("object: OSS refuses names that begin with \"/\" or \"\\\"; remove it"));
  CHECK(object_problems("\"a\\nb\"") == error_of("object: holds a control character; remove it"));
  CHECK(object_problems(std::string(961, 'x')) == error_of("object: longer than 960 bytes"));
}

TEST_CASE("target: writeMode is one of three words") {
  CHECK(with("suffix: x").write_mode == WriteMode::truncate);
  CHECK(with("writeMode: append").write_mode == WriteMode::append);
  CHECK(with("writeMode: nonConflict").write_mode == WriteMode::non_conflict);
  CHECK(line_problems("writeMode: Truncate") ==
        error_of("writeMode: expected truncate, append or nonConflict, got \"Truncate\""));
}

TEST_CASE("target: truncateScope gives the original's truncate back") {
  CHECK(with("suffix: x").truncate_scope == TruncateScope::window);
  CHECK(with("truncateScope: prefix").truncate_scope == TruncateScope::prefix);
  CHECK(line_problems("truncateScope: all") ==
        error_of("truncateScope: expected window or prefix, got \"all\""));
  CHECK(line_problems("truncateScope: prefix\n          writeMode: append") ==
        error_of("truncateScope: prefix needs writeMode: truncate; set that, or remove this"));
  CHECK(line_problems("truncateScope: prefix\n          writeSingleObject: true") ==
        error_of("truncateScope: prefix cannot be had with writeSingleObject, which replaces just its one "
                 "object; remove it"));
  const std::string with_table = replaced(with_line("truncateScope: prefix"), "          mode: single",
                                          "          fullTableFirst: true\n          mode: single");
  REQUIRE(problems(with_table).size() == 1);
  CHECK(problems(with_table)
            .front()
            .ends_with("fullTableFirst cannot be had with truncateScope: prefix, because the next window "
                       "would remove the table's objects; remove one of the two"));
}

TEST_CASE("target: the suffix is what the bytes are, unless given") {
  CHECK(with("nullFormat: x").suffix == ".csv");
  CHECK(with("compress: gzip").suffix == ".csv.gz");
  CHECK(with("compress: zstd").suffix == ".csv.zst");
  CHECK(target_of(with_line("compress: gzip", "text")).suffix == ".gz");
  CHECK(target_of(with_line("compress: none", "jsonl")).suffix == ".jsonl");
  CHECK(with("suffix: ' txt '").suffix == ".txt");
  CHECK(with("suffix: ''").suffix.empty());
  CHECK(line_problems("suffix: a/b") ==
        error_of("suffix: expected at most 32 bytes without \"/\", \"\\\" and control characters, such as "
                 ".csv"));
}

TEST_CASE("target: compress is gzip, zstd or none") {
  CHECK(with("compress: GZIP").compression == Compression::gzip);
  CHECK(with("compress: zstd").compression == Compression::zstd);
  CHECK(with("compress: none").compression == Compression::none);
  CHECK(with("compress: ''").compression == Compression::none);
  CHECK(line_problems("compress: bzip2") == error_of("compress: expected gzip, zstd or none, got \"bzip2\""));
}

TEST_CASE("target: sizes are whole megabytes") {
  CHECK(with("maxFileSize: '25'").object_bytes_max == 25 * kMebibyte);
  CHECK(with("blockSizeInMB: 4").part_bytes == 4 * kMebibyte);
  CHECK(with("suffix: x").object_bytes_max == 0);
  CHECK(with("suffix: x").part_bytes == 0);
  CHECK(line_problems("maxFileSize: 0") ==
        error_of("maxFileSize: expected a whole number from 1 to 50000000, got \"0\""));
  CHECK(line_problems("blockSizeInMB: 1.5") ==
        error_of("blockSizeInMB: expected a whole number from 1 to 5120, got \"1.5\""));
  CHECK(line_problems("blockSizeInMB: 64") ==
        warning_of("blockSizeInMB: parts are sent earlier, because an attempt holds 24 MB in all; 12 or less "
                   "are kept to"));
  CHECK(line_problems("blockSizeInMB: 13") == line_problems("blockSizeInMB: 64"));
  CHECK(line_problems("blockSizeInMB: 12").empty());
  CHECK(line_problems("maxFileSize: 5\n          writeSingleObject: true") ==
        warning_of("maxFileSize: has no effect with writeSingleObject"));
}

TEST_CASE("target: one object, and one of an empty window, are a matter of yes and no") {
  CHECK_FALSE(with("suffix: x").write_single_object);
  CHECK(with("writeSingleObject: 'TRUE'").write_single_object);
  CHECK(with("suffix: x").empty_object);
  CHECK_FALSE(with("generateEmptyFile: false").empty_object);
  CHECK(line_problems("writeSingleObject: yes") ==
        error_of("writeSingleObject: expected true or false, got \"yes\""));
  CHECK(line_problems("generateEmptyFile: 0") ==
        error_of("generateEmptyFile: expected true or false, got \"0\""));
}

TEST_CASE("target: of partition only the number of its columns counts") {
  CHECK(with("partition: [a]").partition_columns == 1);
  CHECK(with("partition: []").partition_columns == 0);
  CHECK(line_problems("partition: a") == error_of("partition: expected a list of strings, got a string"));
  CHECK(
      line_problems("partition: [a, b, c]") ==
      only("error: writer.parameter: partition: names 3 of the last columns, the rows have 2; remove some"));
  CHECK(line_problems("partition: [a]\n          writeSingleObject: true") ==
        warning_of("partition: has no effect with writeSingleObject"));
  CHECK(
      line_problems("writeMode: append\n          writeSingleObject: true") ==
      error_of("writeMode: append cannot be had with writeSingleObject, whose one object is replaced; remove "
               "one of the two"));
}

TEST_CASE("target: manifests have a prefix of their own") {
  CHECK(with("suffix: x").manifest.empty());
  CHECK(with("manifest: false").manifest.empty());
  CHECK(with("manifest: true").manifest == "_manifest/instance/orders/20181015");
  CHECK(with("manifest: checks/{date}").manifest == "checks/20181015");
  CHECK(with("manifest: checks/${date}").manifest == "checks/20181015");
  CHECK(line_problems("manifest: /x") ==
        error_of("manifest: OSS refuses names that begin with \"/\" or \"\\\"; remove it"));
  CHECK(
      line_problems("manifest: instance/orders/${date}/m") ==
      error_of("manifest: begins with the value of object, so readers of the data would meet manifests; give "
               "another prefix, such as _manifest/instance/orders/20181015"));
  CHECK(line_problems("manifest: [x]") == error_of("manifest: expected a string, got a list"));
}

TEST_CASE("target: storageClass is one of the words of OSS") {
  CHECK(with("storageClass: ia").storage_class == "IA");
  CHECK(with("storageClass: ColdArchive").storage_class == "ColdArchive");
  CHECK(with("suffix: x").storage_class.empty());
  CHECK(line_problems("storageClass: Glacier") ==
        error_of("storageClass: expected Standard, IA, Archive, ColdArchive or DeepColdArchive, got "
                 "\"Glacier\""));
}

TEST_CASE("target: encryption on the server is named, or just asked for") {
  CHECK(with("suffix: x").encryption.empty());
  CHECK(with("encrypt: true").encryption == "AES256");
  CHECK(with("encrypt: false").encryption.empty());
  CHECK(with("serverSideEncryption: sm4").encryption == "SM4");
  const Target kms = with("serverSideEncryption: KMS\n          serverSideEncryptionKeyId: key-1");
  CHECK(kms.encryption == "KMS");
  CHECK(kms.encryption_key_id == "key-1");
  CHECK(line_problems("encrypt: yes") == error_of("encrypt: expected true or false, got \"yes\""));
  CHECK(line_problems("serverSideEncryption: AES") ==
        error_of("serverSideEncryption: expected AES256, KMS or SM4, got \"AES\""));
  CHECK(line_problems("encrypt: true\n          serverSideEncryption: KMS") ==
        error_of("serverSideEncryption: contradicts encrypt: true, which means AES256; remove encrypt"));
  CHECK(line_problems("serverSideEncryptionKeyId: key-1") ==
        error_of("serverSideEncryptionKeyId: needs serverSideEncryption: KMS; set that, or remove this"));
  CHECK(line_problems("serverSideEncryption: KMS\n          serverSideEncryptionKeyId: \"a\\nb\"") ==
        error_of("serverSideEncryptionKeyId: holds a control character; write the id alone"));
}

TEST_CASE("target: metadata is a map of names and printable values") {
  CHECK(with("metadata: {Owner: data team, run-by: sluice}").metadata ==
        std::vector<std::pair<std::string, std::string>>{{"owner", "data team"}, {"run-by", "sluice"}});
  const auto metadata = [](std::string_view inside) {
    return line_problems("metadata: {" + std::string(inside) + "}");
  };
  CHECK(metadata("a_b: x") ==
        error_of("metadata.a_b: a name of metadata is letters, digits and \"-\"; rename it"));
  CHECK(metadata("x-oss-meta-a: x") ==
        error_of("metadata.x-oss-meta-a: give the name alone; what comes before it in the header is added"));
  CHECK(metadata("a: \"x\\r\\ny\"") ==
        error_of("metadata.a: a value of metadata is printable ASCII without blanks around it; encode it"));
  CHECK(metadata("a: x, A: y") ==
        error_of("metadata.A: differs from another name in letter case only; keep one of the two"));
  CHECK(metadata("a: " + std::string(8192, 'x')) ==
        error_of("metadata: longer than 8192 bytes in all; shorten it"));
  CHECK(line_problems("metadata: x") ==
        error_of("metadata: expected a map of keys and values, got a string"));
}

TEST_CASE("target: a prefix of any store keeps to its limits at their edges") {
  CHECK(check_object_prefix("\\a", TargetKind::oss).starts_with("OSS refuses names"));
  CHECK(check_object_prefix("\\a", TargetKind::localfile) ==
        "is relative to directory; remove the \"/\" it begins with");
  CHECK(check_object_prefix(std::string(960, 'x'), TargetKind::s3).empty());
  CHECK(check_object_prefix(std::string(961, 'x'), TargetKind::s3) == "longer than 960 bytes");
  CHECK(check_object_prefix("a\x7f", TargetKind::oss) == "holds a control character; remove it");
  CHECK(check_object_prefix("a//b/../c", TargetKind::oss).empty());  // a name like any other there
  for (const std::string inside : {"a", "a/b", "a/", "...", "a/.b", ""}) {
    CAPTURE(inside);
    CHECK(check_object_prefix(inside, TargetKind::localfile).empty());
  }
  for (const std::string outside : {".", "a/..", "a/./b", "a//", "a//b"}) {
    CAPTURE(outside);
    CHECK(check_object_prefix(outside, TargetKind::localfile).starts_with("may not hold"));
  }
}

TEST_CASE("target: a suffix is trimmed, gets its dot, and stays a part of one name") {
  CHECK(with("suffix: \"\\t.txt\\t\"").suffix == ".txt");
  CHECK(with("suffix: ' '").suffix.empty());
  CHECK(with("suffix: " + std::string(31, 'x')).suffix == "." + std::string(31, 'x'));
  for (const std::string& wrong :
       {std::string("a\\\\b"), std::string("a\\x7f"), std::string("a\\nb"), std::string(32, 'x')}) {
    CAPTURE(wrong);
    REQUIRE(line_problems("suffix: \"" + wrong + "\"").size() == 1);
    CHECK(line_problems("suffix: \"" + wrong + "\"")
              .front()
              .starts_with("error: writer.parameter.suffix: expected at most 32"));
  }
  CHECK(line_problems("suffix: [x]") == error_of("suffix: expected a string, got a list"));
}

TEST_CASE("target: words for the store are taken in any case, and nothing stands for none") {
  CHECK(with("storageClass: ''").storage_class.empty());
  CHECK(with("storageClass: deepcoldarchive").storage_class == "DeepColdArchive");
  CHECK(with("serverSideEncryption: aws:kms").encryption == "KMS");
  CHECK(with("serverSideEncryption: aes256").encryption == "AES256");
  CHECK(with("serverSideEncryption: ''").encryption.empty());
  CHECK(with("encrypt: true\n          serverSideEncryption: ''").encryption == "AES256");
  CHECK(with("encrypt: TRUE\n          serverSideEncryption: aes256").encryption == "AES256");
  CHECK(with("manifest: ''").manifest.empty());
  CHECK(with("manifest: FALSE").manifest.empty());
  CHECK(line_problems("storageClass: [IA]") == error_of("storageClass: expected a string, got a list"));
  CHECK(line_problems("serverSideEncryption: [KMS]") ==
        error_of("serverSideEncryption: expected a string, got a list"));
}

TEST_CASE("target: a manifest of objects without a prefix is reported for the prefix alone") {
  const std::string text = replaced(with_line("manifest: m"), "object: instance/orders/{date}", "object: ''");
  std::vector<std::string> told = problems(text);
  std::erase_if(told, [](const std::string& one) { return one.ends_with("not used in the script"); });
  REQUIRE(told.size() == 1);
  CHECK(
      told.front().ends_with("writer.parameter.object: empty or missing; give the prefix of the object "
                             "names, such as instance/table/${date}"));
  CHECK(object_problems("[a]") == error_of("object: expected a string, got a list"));
}

TEST_CASE("target: names and values of metadata are those that a header can hold") {
  const auto metadata = [](const std::string& inside) { return line_problems("metadata: {" + inside + "}"); };
  CHECK(with("metadata: {a: '', b-2: \"~ !\"}").metadata ==
        std::vector<std::pair<std::string, std::string>>{{"a", ""}, {"b-2", "~ !"}});
  CHECK(with("metadata: {a:, b: x}").metadata.size() == 1);
  CHECK(with("metadata: ~").metadata.empty());
  for (const std::string value : {" x", "x ", "\\u7f16", "\\x7f", "\\t"}) {
    CAPTURE(value);
    CHECK(metadata("a: \"" + value + "\"") ==
          error_of("metadata.a: a value of metadata is printable ASCII without blanks around it; encode it"));
  }
  for (const std::string name : {"a b", "a.b", "\"\"", "a\xc3\xa4"}) {
    CAPTURE(name);
    REQUIRE(metadata(name + ": x").size() == 1);
    CHECK(metadata(name + ": x")
              .front()
              .ends_with("a name of metadata is letters, digits and \"-\"; rename it"));
  }
  CHECK(metadata("X-Amz-Meta-A: x") ==
        error_of("metadata.X-Amz-Meta-A: give the name alone; what comes before it in the header is added"));
  CHECK(metadata("a: [x]") == error_of("metadata.a: expected a string, got a list"));
}
