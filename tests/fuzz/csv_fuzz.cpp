// Fuzz target of the encoders: any values in any style and encoding; csv reads back the same through a strict
// parser.

#include "core/format/csv.hpp"
#include "core/format/make_encoder.hpp"
#include "core/format/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice;

constexpr std::size_t kColumns = 3;

using Rows = std::vector<std::vector<std::string>>;

void demand(bool truth) {
  if (!truth) std::abort();
}

// RFC 4180 with LF; a quoted field ends at a quote before a delimiter or LF.
Rows parse(std::string_view text, char delimiter) {
  Rows rows;
  while (!text.empty()) {
    auto& row = rows.emplace_back();
    for (char end = delimiter; end == delimiter;) {
      std::string field;
      if (text.starts_with('"')) {
        for (text.remove_prefix(1);; text.remove_prefix(1)) {
          const std::size_t quote = text.find('"');
          demand(quote != std::string_view::npos);
          field += text.substr(0, quote);
          text.remove_prefix(quote + 1);
          if (!text.starts_with('"')) break;
          field += '"';
        }
      } else {
        const char stops[] = {delimiter, '\n'};
        const std::size_t size = text.find_first_of(std::string_view(stops, 2));
        demand(size != std::string_view::npos);
        field = text.substr(0, size);
        demand(field.find_first_of("\"\r") == std::string::npos);
        text.remove_prefix(size);
      }
      row.push_back(std::move(field));
      demand(!text.empty());
      end = text.front();
      text.remove_prefix(1);
      demand(end == delimiter || end == '\n');
    }
  }
  return rows;
}

// Fields cut at the byte 1f.
Rows rows_of(std::string_view text) {
  Rows rows(1);
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\x1f'), text.size());
    if (rows.back().size() == kColumns) rows.emplace_back();
    rows.back().emplace_back(text.substr(0, size));
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  rows.back().resize(kColumns);
  return rows;
}

pipeline::RowBatch batch_of(const Rows& rows, pipeline::ValueType type) {
  pipeline::RowBatch batch(kColumns);
  for (const auto& row : rows) {
    pipeline::Value* const values = batch.append_row();
    for (std::size_t column = 0; column < kColumns; ++column) {
      values[column].type = type;
      values[column].text = row[column];
    }
  }
  return batch;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const Rows rows = rows_of(std::string_view(reinterpret_cast<const char*>(data) + 3, size - 3));
  const pipeline::RowBatch batch = batch_of(rows, pipeline::ValueType::string);
  constexpr char kDelimiters[] = {',', '\t', '\1', ';'};
  const char delimiter = kDelimiters[data[0] % 4];

  format::ByteBuffer out;
  format::CsvForm form;
  form.delimiter = std::string(1, delimiter);
  if ((data[0] & 4) != 0) form.style.quotes = job::CsvStyle::Quotes::always;
  demand(format::CsvEncoder(form).append(batch, 0, rows.size(), out).rows == rows.size());
  demand(parse(out.view(), delimiter) == rows);

  // Everything else: no crash, and nothing left of a row that cannot be written.
  constexpr const char* kEncodings[] = {"UTF-8", "GBK", "GB18030", "UTF-16", "Shift_JIS", "windows-1252"};
  job::Target target;
  target.field_delimiter = form.delimiter;
  target.encoding = kEncodings[data[1] % std::size(kEncodings)];
  target.file_format = data[2] % 2 == 0 ? job::FileFormat::csv : job::FileFormat::jsonl;
  target.csv.quotes = (data[2] & 2) != 0 ? job::CsvStyle::Quotes::never : job::CsvStyle::Quotes::where_needed;
  target.csv.escape = (data[2] & 4) != 0 ? job::CsvStyle::Escape::backslash : job::CsvStyle::Escape::doubled;
  target.binary_base64 = (data[2] & 8) != 0;
  const auto encoder = format::make_encoder(target);
  demand(encoder.has_value());
  for (const auto type : {pipeline::ValueType::string, pipeline::ValueType::binary}) {
    const pipeline::RowBatch given = batch_of(rows, type);
    for (std::size_t first = 0; first < rows.size(); ++first) {
      out.truncate(0);
      const format::Encoded encoded = (*encoder)->append(given, first, 1, out);
      demand(encoded.rows == 1 ? encoded.problem.empty() : !encoded.problem.empty() && out.empty());
      if (encoded.rows == 1 && target.file_format == job::FileFormat::jsonl && target.encoding == "UTF-8")
        demand(format::is_utf8(out.view()));
    }
  }
  return 0;
}
