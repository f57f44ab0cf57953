#pragma once
// Rows and targets for tests of encoders.

#include "core/format/make_encoder.hpp"
#include "tests/support/test_data.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <initializer_list>
#include <sstream>
#include <string>

namespace sluice::test {

inline pipeline::Value text(std::string_view bytes, pipeline::ValueType type = pipeline::ValueType::string) {
  pipeline::Value value;
  value.type = type;
  value.text = bytes;
  return value;
}
inline pipeline::Value binary(std::string_view bytes) { return text(bytes, pipeline::ValueType::binary); }
inline pipeline::Value integer(std::int64_t number, pipeline::ValueType type = pipeline::ValueType::integer) {
  pipeline::Value value;
  value.type = type;
  value.integer = number;
  return value;
}
inline pipeline::Value date(std::int64_t ms) { return integer(ms, pipeline::ValueType::date); }
inline pipeline::Value real(double number) {
  pipeline::Value value;
  value.type = pipeline::ValueType::real;
  value.real = number;
  return value;
}
inline pipeline::Value boolean(bool truth) {
  pipeline::Value value;
  value.type = pipeline::ValueType::boolean;
  value.boolean = truth;
  return value;
}

using Row = std::vector<pipeline::Value>;

// All of the same width.
inline pipeline::RowBatch batch_of(const std::vector<Row>& rows) {
  pipeline::RowBatch batch(rows.front().size());
  for (const Row& row : rows) std::copy(row.begin(), row.end(), batch.append_row());
  return batch;
}

// The bytes of a row that can be written.
inline std::string line_of(const format::RowEncoder& encoder, const Row& row) {
  format::ByteBuffer out;
  const format::Encoded encoded = encoder.append(batch_of({row}), 0, 1, out);
  CHECK(encoded.problem == "");
  CHECK(encoded.rows == 1);
  return std::string(out.view());
}

// What is wrong with a row, as "2 is no finite number"; nothing of it must be left.
inline std::string problem_of(const format::RowEncoder& encoder, const Row& row) {
  format::ByteBuffer out;
  const format::Encoded encoded = encoder.append(batch_of({row}), 0, 1, out);
  CHECK(encoded.rows == 0);
  CHECK(out.view() == "");
  return std::to_string(encoded.column) + " " + encoded.problem;
}

inline std::unique_ptr<format::RowEncoder> encoder_of(const job::Target& target) {
  auto made = format::make_encoder(target);
  if (!made) throw std::runtime_error(made.error().message());
  return std::move(*made);
}

inline std::string refusal_of(const job::Target& target) {
  const auto made = format::make_encoder(target);
  if (made) return "";
  CHECK(made.error().code() == Errc::invalid_argument);
  return made.error().message();
}

inline std::string file_of(const std::string& name) {
  std::ifstream file(test_data(name));
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace sluice::test
