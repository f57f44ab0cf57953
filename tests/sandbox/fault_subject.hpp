#pragma once
// The table and shard a request of Table Store is about, for the fault script.

#include "tests/sandbox/faults.hpp"
#include "tests/sandbox/http_message.hpp"

#include <string_view>

namespace sluice::sandbox {

/// Empty where the request does not name one: batches, lists, CreateTable, deflated bodies.
FaultSubject fault_subject(const Request& request, std::string_view operation);

}  // namespace sluice::sandbox
