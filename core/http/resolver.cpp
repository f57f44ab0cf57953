#include "core/http/resolver.hpp"

#include "core/base/signal.hpp"
#include "core/base/within.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <mutex>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>

namespace sluice::http {
namespace {

constexpr Duration kFreshFor = std::chrono::seconds(60);

struct AddressListDeleter {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

std::optional<boost::asio::ip::address> address_of(const addrinfo& entry) {
  if (entry.ai_family == AF_INET) {
    sockaddr_in socket_address{};
    std::memcpy(&socket_address, entry.ai_addr, sizeof socket_address);
    return boost::asio::ip::address_v4(ntohl(socket_address.sin_addr.s_addr));
  }
  if (entry.ai_family == AF_INET6) {
    sockaddr_in6 socket_address{};
    std::memcpy(&socket_address, entry.ai_addr, sizeof socket_address);
    boost::asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &socket_address.sin6_addr, bytes.size());
    return boost::asio::ip::address_v6(bytes, socket_address.sin6_scope_id);
  }
  return std::nullopt;
}

}  // namespace

Result<Addresses> system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* raw = nullptr;
  const int failure = getaddrinfo(host.c_str(), nullptr, &hints, &raw);
  const std::unique_ptr<addrinfo, AddressListDeleter> list(raw);
  if (failure != 0) {
    return Error(Errc::unavailable, fmt::format("resolve {}: {}", host, gai_strerror(failure)));
  }
  Addresses addresses;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    if (const auto address = address_of(*entry)) addresses.push_back(*address);
  }
  if (addresses.empty()) return Error(Errc::unavailable, fmt::format("resolve {}: no address", host));
  return addresses;
}

struct Resolver::Entry {
  explicit Entry(const Executor& executor) : changed(executor) {}
  Result<Addresses> known = Addresses();  // of the last look-up that ended
  Duration known_since{0};                // monotonic
  bool looking = false;
  Signal changed;

  // A refresh that fails leaves the old addresses in use; they are asked for again after another minute.
  void take(const Result<Addresses>& found, Duration now) {
    looking = false;
    if (found.has_value() || !known.has_value() || known->empty()) known = found;
    known_since = now;
    changed.notify_all();
  }
};

// Where look-up threads leave their results. The lock keeps the executor alive for as long as a thread uses
// it.
struct Resolver::Mailbox {
  std::mutex lock;
  bool open = true;
};

Resolver::Resolver(Executor executor, Clock& clock, Lookup lookup)
    : executor_(std::move(executor)),
      clock_(clock),
      lookup_(std::move(lookup)),
      mailbox_(std::make_shared<Mailbox>()) {}

Resolver::~Resolver() {
  const std::lock_guard guard(mailbox_->lock);
  mailbox_->open = false;
}

void Resolver::begin_lookup(const std::string& host, const std::shared_ptr<Entry>& entry) {
  entry->looking = true;
  auto deliver = [this, mailbox = mailbox_, weak = std::weak_ptr<Entry>(entry)](Result<Addresses> found) {
    const std::lock_guard guard(mailbox->lock);
    if (!mailbox->open) return;
    boost::asio::post(executor_, [weak, clock = &clock_, found = std::move(found)] {
      if (const auto target = weak.lock()) target->take(found, clock->monotonic());
    });
  };
  try {
    std::thread([host, lookup = lookup_, deliver = std::move(deliver)] { deliver(lookup(host)); }).detach();
  } catch (const std::system_error& error) {
    entry->take(Error(Errc::unavailable, fmt::format("resolve {}: start a thread: {}", host, error.what())),
                clock_.monotonic());
  }
}

awaitable<Result<Addresses>> Resolver::wait_for(std::shared_ptr<Entry> entry) {
  while (entry->looking) co_await entry->changed.wait();
  co_return entry->known;
}

awaitable<Result<Addresses>> Resolver::resolve(std::string host, Duration limit) {
  boost::system::error_code not_literal;
  const auto literal = boost::asio::ip::make_address(host, not_literal);
  if (!not_literal) co_return Addresses(1, literal);

  auto& slot = entries_[host];
  const bool is_new = !slot;
  if (is_new) slot = std::make_shared<Entry>(executor_);
  const std::shared_ptr<Entry> entry = slot;
  const bool usable = entry->known.has_value() && !entry->known->empty();
  const bool fresh = usable && clock_.monotonic() - entry->known_since < kFreshFor;
  if (usable) {
    Addresses addresses = entry->known.value();
    if (!fresh && !entry->looking) begin_lookup(host, entry);
    co_return addresses;
  }
  if (!entry->looking) begin_lookup(host, entry);
  const std::string what = fmt::format("resolve {}", host);
  auto waiting = wait_for(entry);
  co_return co_await within(clock_, limit, what, std::move(waiting));
}

void Resolver::forget(const std::string& host) { entries_.erase(host); }

}  // namespace sluice::http
