#pragma once
// The tables that job_key_sections() is put together from.

#include "core/job/job_keys.hpp"

namespace sluice::job {

std::span<const KeySection> job_file_key_sections();
std::span<const KeySection> reader_key_sections();
std::span<const KeySection> writer_key_sections();  // the settings included

}  // namespace sluice::job
