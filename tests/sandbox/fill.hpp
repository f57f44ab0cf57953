#pragma once
// POST /_sandbox/fill: many random changes at once, with record times spread over a span.

#include "tests/sandbox/catalog.hpp"

#include <boost/json/fwd.hpp>

namespace sluice::sandbox {

/// Throws std::invalid_argument for a wrong request. docs/sandbox.md describes the keys.
boost::json::object fill(Catalog& catalog, const boost::json::object& request);

}  // namespace sluice::sandbox
