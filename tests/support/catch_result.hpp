#pragma once
// Lets Catch print a Result and an Instant, so that REQUIRE(result) shows the error.

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <boost/system/result.hpp>
#include <catch2/catch.hpp>

#include <string>

template <class T>
struct Catch::StringMaker<boost::system::result<T, sluice::Error>> {
  static std::string convert(const boost::system::result<T, sluice::Error>& result) {
    if (result) return "a value";
    return std::string(to_string(result.error().code())) + ": " + result.error().message();
  }
};

template <>
struct Catch::StringMaker<sluice::Instant> {
  static std::string convert(sluice::Instant at) {
    return std::to_string(at.time_since_epoch().count()) + " us";
  }
};
