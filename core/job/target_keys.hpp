#pragma once
// The parts that a writer's keys are read in. Each reports what is wrong with its keys and leaves the others.

#include "core/job/job.hpp"
#include "core/job/yaml_map.hpp"

#include <string>
#include <string_view>

namespace sluice::job {

// How rows become bytes: fileFormat, encoding, nullFormat, dateFormat, fieldDelimiter, lineDelimiter, header,
// csvWriterConfig, byteEncoding.
void read_row_format(YamlMap& parameter, Target& target);

// Which objects there are: object, writeMode, truncateScope, writeSingleObject, suffix, partition, compress,
// maxFileSize, blockSizeInMB, generateEmptyFile, manifest.
void read_objects(YamlMap& parameter, Target& target);

// What an object store is told of an object: storageClass, encrypt, serverSideEncryption,
// serverSideEncryptionKeyId, metadata.
void read_object_traits(YamlMap& parameter, Target& target);

// "t", "n", "r", "\" and "uXXXX" behind a backslash as the character they stand for, as a script has them
// whose backslashes were doubled. Anything else stays as it is.
std::string unescaped(std::string_view text);

// What is wrong with the prefix of object names, or "".
std::string check_object_prefix(std::string_view prefix, TargetKind kind);

std::string lower_case(std::string_view text);

}  // namespace sluice::job
