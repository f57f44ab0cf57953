#pragma once
// How a cancelled task ends.

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>

namespace sluice {

// True for what a cancelled task throws from its co_await. `failure` is not null.
inline bool is_cancellation(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    return error.code() == boost::asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

}  // namespace sluice
