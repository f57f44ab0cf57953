#include "tests/support/test_data.hpp"

std::string sluice::test::test_data(std::string_view name) {
  return std::string(SLUICE_TEST_DATA "/").append(name);
}
