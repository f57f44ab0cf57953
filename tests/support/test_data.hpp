#pragma once
// Where the files of tests/data are. Only test_data.cpp knows the folder, so that the objects of the tests
// are the same in every checkout and the compiler cache serves them all.

#include <string>
#include <string_view>

namespace sluice::test {

// The path of `name` below tests/data: "oss/crc64.json".
std::string test_data(std::string_view name);

}  // namespace sluice::test
