#pragma once
// Checks of names, schemas, options and keys, with the codes and texts of the service. All throw Refusal.

#include "tests/sandbox/table.hpp"

#include <string>
#include <vector>

namespace sluice::sandbox {

void check_instance_name(const std::string& name);
void check_table_name(const std::string& name);
void check_column_name(const std::string& name);
void check_create_table(const pb::CreateTableRequest& request);
void check_options(const pb::TableOptions& options);
void check_stream(const pb::StreamSpecification& spec);

/// What a key may hold besides plain values.
enum class KeyUse { exact, range_bound, put };

/// The key of a row in a request, checked against the schema. Columns missing in a range bound are not
/// allowed either: every SDK sends all of them.
Key checked_key(const pb::TableMeta& meta, const std::vector<Cell>& cells, KeyUse use);

}  // namespace sluice::sandbox
