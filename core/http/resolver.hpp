#pragma once
// Host names to addresses, kept for a while.

#include "core/base/clock.hpp"
#include "core/base/error.hpp"

#include <boost/asio/ip/address.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::http {

using Addresses = std::vector<boost::asio::ip::address>;

// Blocking look-up, called on a thread of its own. Must not throw.
using Lookup = std::function<Result<Addresses>(const std::string& host)>;

// The system's resolver (getaddrinfo): at least one address, or unavailable.
Result<Addresses> system_lookup(const std::string& host);

// Single-threaded but for the look-ups. getaddrinfo cannot be interrupted, so each look-up has a thread that
// nobody waits for: neither a limit nor the destructor is held up by a dead name server. Must be destroyed
// before the io_context of `executor`.
class Resolver {
 public:
  Resolver(Executor executor, Clock& clock, Lookup lookup = system_lookup);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Literal addresses are returned as they are. A name known for less than 60 s comes from the cache; one
  // known for longer too, and a refresh begins in the background. Errors: unavailable, timeout after `limit`.
  awaitable<Result<Addresses>> resolve(std::string host, Duration limit);

  // The next resolve() of `host` asks again: none of its addresses answered.
  void forget(const std::string& host);

 private:
  struct Entry;
  struct Mailbox;
  void begin_lookup(const std::string& host, const std::shared_ptr<Entry>& entry);
  awaitable<Result<Addresses>> wait_for(std::shared_ptr<Entry> entry);

  Executor executor_;
  Clock& clock_;
  Lookup lookup_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
  std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace sluice::http
