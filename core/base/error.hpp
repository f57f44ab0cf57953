#pragma once
// Errors as values. A failure that some caller can act on is a Result<T>; one that nobody can act on is an
// exception, caught only in the attempt, the HTTP session and main.

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace sluice {

// What went wrong, as far as a caller's decision depends on it. Retry rules look at this, never at text.
// The names printed by to_string() are stable: they appear in the API, the database and exit codes.
enum class Errc {
  internal,           // our own mistake, or something that "cannot happen"
  invalid_argument,   // bad input: a file, a parameter, a request the server calls invalid
  not_found,          // the thing named does not exist (table, bucket, job, instance)
  conflict,           // it exists already, or someone else changed it
  unauthenticated,    // wrong or unknown key, bad signature, expired token
  permission_denied,  // the key is good but may not do this
  unavailable,        // network failure or 5xx: the outcome may be unknown; try again
  throttled,          // the server asked us to slow down
  timeout,            // a limit of ours ran out
  cancelled,          // stopped by an operator or by shutdown
  corrupt,            // a checksum, length or signature of what was received is wrong
  trimmed,            // stream data before the position is gone: a gap
  stream_changed,     // the stream was switched off and on, or is not the one the positions belong to: a gap
  refused_by_state,   // the operation does not fit the present state
  dirty_limit,        // more dirty records than errorLimit allows
  io,                 // a local file operation failed
  disk_full,          // no space, or quota
};

// "unavailable", "not_found", ...
std::string_view to_string(Errc code) noexcept;

// True for failures that a later identical request may not meet.
bool is_transient(Errc code) noexcept;

class Error {
 public:
  Error() = default;
  Error(Errc code, std::string message) : code_(code), message_(std::move(message)) {}

  Errc code() const noexcept { return code_; }

  // One line, lower case, verb first: "get records of orders: 503 OTSServerBusy: Server is busy., request
  // 0005-…".
  const std::string& message() const noexcept { return message_; }

  // The same error seen from one level up: "PREFIX: message".
  Error in(std::string_view prefix) const;

 private:
  Errc code_ = Errc::internal;
  std::string message_;
};

template <class T>
using Result = boost::system::result<T, Error>;

// Thrown where no caller can act; carries the Error to the place that reports it.
class ErrorException : public std::exception {
 public:
  explicit ErrorException(Error error) : error_(std::move(error)) {}
  const Error& error() const noexcept { return error_; }
  const char* what() const noexcept override { return error_.message().c_str(); }

 private:
  Error error_;
};

// Result<T>::value() on a failed result throws ErrorException.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

// errno as an Error: ENOSPC and EDQUOT become disk_full, ENOENT not_found, EACCES and EPERM
// permission_denied.
Error from_errno(int number, std::string_view doing);

}  // namespace sluice
