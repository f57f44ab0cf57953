#pragma once
// The interface of tests and the demo under /_sandbox/: JSON, no signature. docs/sandbox.md lists the calls.

#include "tests/sandbox/catalog.hpp"
#include "tests/sandbox/faults.hpp"
#include "tests/sandbox/http_message.hpp"
#include "tests/sandbox/key_ring.hpp"
#include "tests/sandbox/oss_store.hpp"
#include "tests/sandbox/statistics.hpp"

#include <boost/json/fwd.hpp>

namespace sluice::sandbox {

class Admin {
 public:
  Admin(Catalog& catalog, ObjectStore& objects, KeyRing& keys, FaultScript& faults,
        const Statistics& statistics)
      : catalog_(catalog), objects_(objects), keys_(keys), faults_(faults), statistics_(statistics) {}

  static bool takes(const Request& request);
  Response handle(const Request& request);

 private:
  boost::json::value call(const Request& request);
  boost::json::value post(const std::string& name, const boost::json::value& body);
  boost::json::value split(const boost::json::object& request);
  boost::json::value merge(const boost::json::object& request);
  boost::json::value trim(const boost::json::object& request);
  boost::json::value create_table(const boost::json::object& request);
  boost::json::value issue_keys(const boost::json::object& request);
  boost::json::value clock() const;
  boost::json::value statistics() const;
  boost::json::array describe_tables() const;

  Catalog& catalog_;
  ObjectStore& objects_;
  KeyRing& keys_;
  FaultScript& faults_;
  const Statistics& statistics_;
};

}  // namespace sluice::sandbox
