#pragma once
// The golden vectors of tests/data/tablestore, read for the client's tests.

#include "core/http/transport.hpp"
#include "tests/support/test_data.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <string>

namespace sluice::tablestore::test {

inline boost::json::object load_vectors(const std::string& name) {
  const std::string path = sluice::test::test_data("tablestore/" + name);
  std::ifstream file(path);
  INFO(path);
  REQUIRE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  return boost::json::parse(text.str()).as_object();
}

inline std::string text_of(const boost::json::value& value) { return std::string(value.as_string()); }

inline std::string unhex(std::string_view hex) {
  REQUIRE(hex.size() % 2 == 0);
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

inline std::string body_of(const boost::json::value& vector) {
  return unhex(vector.at("body_hex").as_string());
}

// From a list of pairs or from an object.
inline http::Headers headers_of(const boost::json::value& value) {
  http::Headers headers;
  if (value.is_object()) {
    for (const auto& [name, text] : value.as_object()) headers.emplace_back(std::string(name), text_of(text));
    return headers;
  }
  for (const auto& pair : value.as_array()) headers.emplace_back(text_of(pair.at(0)), text_of(pair.at(1)));
  return headers;
}

}  // namespace sluice::tablestore::test
