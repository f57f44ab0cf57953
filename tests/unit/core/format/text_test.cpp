#include "core/format/text.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace sluice;
using format::ByteBuffer;
using format::TextEncoder;
using pipeline::RowBatch;
using pipeline::Value;
using pipeline::ValueType;

TEST_CASE("text joins fields and quotes nothing", "[text]") {
  RowBatch batch(3);
  Value* row = batch.append_row();
  row[0].type = ValueType::string;
  row[0].text = " x,\"y\" ";
  row[2].type = ValueType::real;
  row[2].real = 1;
  ByteBuffer out;
  REQUIRE(TextEncoder({"||", "\\N"}).append(batch, 0, 1, out).problem.empty());
  CHECK(out.view() == " x,\"y\" ||\\N||1.0\n");
}

TEST_CASE("text rows without columns are bare line ends", "[text]") {
  RowBatch batch(0);
  batch.append_row();
  batch.append_row();
  ByteBuffer out;
  REQUIRE(TextEncoder({",", "null"}).append(batch, 0, 2, out).problem.empty());
  CHECK(out.view() == "\n\n");
}

TEST_CASE("text stops before the row with a number that has no text and names the column", "[text]") {
  RowBatch batch(1);
  batch.append_row();
  Value* row = batch.append_row();
  row->type = ValueType::real;
  row->real = -std::numeric_limits<double>::infinity();
  ByteBuffer out;
  const format::Encoded encoded = TextEncoder({",", "null"}).append(batch, 0, 2, out);
  CHECK(encoded.rows == 1);
  CHECK(encoded.column == 1);
  CHECK(out.view() == "null\n");
}

TEST_CASE("text header is joined like a row", "[text]") {
  ByteBuffer out;
  const std::vector<std::string> names = {"id", "n,1"};
  TextEncoder({"\t", "null"}).append_header(names, out);
  CHECK(out.view() == "id\tn,1\n");
}
