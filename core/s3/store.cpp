#include "core/s3/store.hpp"

#include "core/s3/client.hpp"

namespace sluice::s3 {

Result<objects::StoreMaker> make_store_maker(const StorePorts& ports, const job::Target& target) {
  if (target.encryption == "SM4") {
    return Error(Errc::invalid_argument,
                 "use encryption SM4: S3 has AES256 and KMS; correct `serverSideEncryption`");
  }
  Result<Address> address = address_of(target);
  if (!address) return address.error();
  SenderOptions options;
  options.address = std::move(*address);
  options.credentials = ports.credentials;
  if (!options.credentials) {
    http::Credentials own{target.access_id, target.access_key, target.security_token};
    options.credentials = http::fixed_credentials(std::move(own));
  }
  return objects::StoreMaker([ports, options = std::move(options), bucket = target.bucket](
                                 objects::OnRetry on_retry) -> std::unique_ptr<objects::ObjectStore> {
    Sender sender(ports.transport, ports.clock, ports.random, options, std::move(on_retry));
    return std::make_unique<Client>(std::move(sender), bucket);
  });
}

}  // namespace sluice::s3
