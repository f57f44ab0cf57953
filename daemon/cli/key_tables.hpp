#pragma once
// The tables of keys in the documents, made of the declared keys of sluice.yaml and of job files.

#include "core/base/error.hpp"
#include "core/job/job_keys.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::daemon {

// What stands between "<!-- keys: NAME -->" and "<!-- end of keys -->" in a document: "sluice.yaml", "job",
// or the path and title of a section of a job file, such as "reader.parameter rows".
std::vector<std::string> key_table_names();

// `document` with every such table made anew. invalid_argument: a name nobody knows, or no end.
Result<std::string> with_key_tables(std::string_view document);

// The key as documents call it: "schedule.start", "column[].type", "settle".
std::string shown_key(const job::KeySection& section, const job::JobKey& key);

// Markdown of a declared help without its code marks and links.
std::string without_markup(std::string_view help);

}  // namespace sluice::daemon
