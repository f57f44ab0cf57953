#include "core/base/error.hpp"

#include <boost/system/generic_category.hpp>
#include <fmt/format.h>

#include <cerrno>

namespace sluice {

std::string_view to_string(Errc code) noexcept {
  switch (code) {
    case Errc::internal:
      return "internal";
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::not_found:
      return "not_found";
    case Errc::conflict:
      return "conflict";
    case Errc::unauthenticated:
      return "unauthenticated";
    case Errc::permission_denied:
      return "permission_denied";
    case Errc::unavailable:
      return "unavailable";
    case Errc::throttled:
      return "throttled";
    case Errc::timeout:
      return "timeout";
    case Errc::cancelled:
      return "cancelled";
    case Errc::corrupt:
      return "corrupt";
    case Errc::trimmed:
      return "trimmed";
    case Errc::stream_changed:
      return "stream_changed";
    case Errc::refused_by_state:
      return "refused_by_state";
    case Errc::dirty_limit:
      return "dirty_limit";
    case Errc::io:
      return "io";
    case Errc::disk_full:
      return "disk_full";
  }
  return "internal";
}

bool is_transient(Errc code) noexcept {
  switch (code) {
    case Errc::unavailable:
    case Errc::throttled:
    case Errc::timeout:
    case Errc::corrupt:
      return true;
    default:
      return false;
  }
}

Error Error::in(std::string_view prefix) const {
  return Error(code_, fmt::format("{}: {}", prefix, message_));
}

void throw_exception_from_error(const Error& error, const boost::source_location& /*where*/) {
  throw ErrorException(error);
}

Error from_errno(int number, std::string_view doing) {
  Errc code = Errc::io;
  if (number == ENOSPC || number == EDQUOT) code = Errc::disk_full;
  if (number == ENOENT) code = Errc::not_found;
  if (number == EACCES || number == EPERM) code = Errc::permission_denied;
  return Error(code, fmt::format("{}: {}", doing, boost::system::generic_category().message(number)));
}

}  // namespace sluice
