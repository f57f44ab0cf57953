#pragma once
// The pieces freeze() is made of, for those who want to go on after a failing parameter.

#include "core/job/job.hpp"
#include "core/job/time_expression.hpp"

namespace sluice::job {

// The value of one parameter; one named "date" is the business date whatever its expression says.
Result<std::string> value_of(const Parameter& parameter, const Moment& moment);

// The system values: the slot, and the business date by both of its names.
inline constexpr std::string_view kSlotName = "bdp.system.cyctime";
inline constexpr std::string_view kSystemDateName = "bdp.system.bizdate";
inline constexpr std::string_view kBusinessDateName = "date";

// Adds what the job's script uses without an assignment: date, bdp.system.bizdate and bdp.system.cyctime; the
// last one also where the script's window ends at the slot.
void append_system_values(const Job& job, const Moment& moment, ParameterValues& values);

}  // namespace sluice::job
