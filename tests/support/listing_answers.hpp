#pragma once
// Listings that no good server gives, for the fakes of OSS and S3.

#include "core/http/transport.hpp"

#include <optional>
#include <string>
#include <utility>

namespace sluice::test {

// For answer_instead: every question for uploads has the one document as its answer, every other the other
// one.
inline auto answer_with(std::string objects, std::string uploads) {
  return [objects = std::move(objects),
          uploads = std::move(uploads)](const auto& seen) -> std::optional<http::Response> {
    http::Response response;
    response.status = 200;
    response.body = seen.queries.contains("uploads") ? uploads : objects;
    return response;
  };
}

inline constexpr const char* kObjectsElsewhere =
    "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>elsewhere/a</Key><Size>1</Size></"
    "Contents>"
    "</ListBucketResult>";
inline constexpr const char* kUploadsElsewhere =
    "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>elsewhere/a</Key>"
    "<UploadId>ID</UploadId></Upload></ListMultipartUploadsResult>";
inline constexpr const char* kUploadsOnlyTruncated =
    "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated></ListMultipartUploadsResult>";
inline constexpr const char* kUploadsThatLeadBack =
    "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker>"
    "<NextUploadIdMarker>ID</NextUploadIdMarker><Upload><Key>a</Key><UploadId>ID</UploadId></Upload>"
    "</ListMultipartUploadsResult>";

}  // namespace sluice::test
