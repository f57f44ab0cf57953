#include "core/oss/store.hpp"

#include "core/oss/client.hpp"

namespace sluice::oss {

Result<objects::StoreMaker> make_store_maker(const StorePorts& ports, const job::Target& target) {
  ClientOptions options;
  options.endpoint = target.endpoint;
  options.bucket = target.bucket;
  options.credentials = ports.credentials;
  if (!options.credentials) {
    http::Credentials own{target.access_id, target.access_key, target.security_token};
    options.credentials = http::fixed_credentials(std::move(own));
  }
  options.region = target.region;
  options.cname = target.cname;
  options.addressing = target.addressing;
  Result<Address> address = address_of(options);
  if (!address) return address.error();
  return objects::StoreMaker([ports, options = std::move(options), address = std::move(*address)](
                                 objects::OnRetry on_retry) -> std::unique_ptr<objects::ObjectStore> {
    return std::make_unique<Client>(ports.transport, ports.clock, ports.random, options, address,
                                    std::move(on_retry));
  });
}

}  // namespace sluice::oss
