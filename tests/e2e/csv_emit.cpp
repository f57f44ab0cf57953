// csv_emit ENCODING LINE_END SEED ROWS CSV JSON [OPTION]: writes rows of nasty values with the real encoder
// into the file CSV, a header first, and what a reader must find there into JSON, as a list of lists of
// texts. LINE_END is LF, CR or CRLF; with the option `nul` values may hold U+0000, with `gzip` the file is
// compressed.

#include "core/format/charset.hpp"
#include "core/format/compressor.hpp"
#include "core/format/make_encoder.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <deque>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace sluice;

constexpr std::size_t kColumns = 6;

// Beside what CSV is made of: characters whose second byte is a backslash or a letter in some encoding, or
// whose bytes in UTF-16 are those of a quote, a comma or a line end.
const std::vector<std::string> kPieces = {"\"",
                                          "\"\"",
                                          ",",
                                          ",,",
                                          "\n",
                                          "\r",
                                          "\r\n",
                                          "\n\r",
                                          "#",
                                          " ",
                                          "  ",
                                          "\t",
                                          "\\",
                                          "\\\"",
                                          "'",
                                          ";",
                                          "a",
                                          "null",
                                          "\\N",
                                          "=1+1",
                                          "0123456789abcdef",
                                          "~",
                                          "\x7f",
                                          "\x01",
                                          "\u8868",
                                          "\u529f",
                                          "\u8a31",
                                          "\u8aa0",
                                          "\u220a",
                                          "\u222c",
                                          "\u0a22",
                                          "\u2c0a",
                                          "\u0d0a",
                                          "\u0a0d",
                                          "\u4f60\u597d",
                                          "\u3042\u30a2",
                                          "\uff71",
                                          "\uac00",
                                          "\u00e9",
                                          "\u00df",
                                          "\u00a0",
                                          "\u20ac",
                                          "\U0001f600",
                                          "\U00020000",
                                          "\ufeff",
                                          "\u3000"};

std::string utf8_of(std::uint32_t code) {
  return {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
          static_cast<char>(0x80 | (code & 0x3f))};
}

// Makes texts of what the encoding has.
class Texts {
 public:
  Texts(const std::string& encoding, std::uint64_t seed, bool nul)
      : charset_(format::Charset::find(encoding)), random_(seed) {
    for (const std::string& piece : kPieces) {
      // Python's GBK has no euro sign, neither at a2 e3 nor at 80.
      if (has(piece) && !(encoding == "GBK" && piece == "\u20ac")) pieces_.push_back(piece);
    }
    if (nul) pieces_.emplace_back(1, '\0');
  }

  std::size_t below(std::size_t limit) { return random_() % limit; }

  std::string next() {
    std::string text;
    const std::size_t many = below(200) == 0 ? 2000 : 7;  // a long one now and then
    for (std::size_t left = below(many); left > 0; --left) {
      text += below(4) == 0 ? ideograph() : pieces_[below(pieces_.size())];
    }
    return text;
  }

 private:
  bool has(std::string_view text) const {
    format::ByteBuffer bytes;
    return charset_ == nullptr || !charset_->append(text, bytes);
  }
  std::string ideograph() {
    const std::uint32_t first = below(3) == 0 ? 0xac00 : 0x4e00;
    std::string text = utf8_of(first + static_cast<std::uint32_t>(below(0x2ba4)));
    return has(text) ? text : "x";
  }

  const format::Charset* charset_;
  std::mt19937_64 random_;
  std::vector<std::string> pieces_;
};

// As objects are: block by block.
format::ByteBuffer gzip(std::string_view plain) {
  const auto compressor = format::make_compressor(job::Compression::gzip);
  format::ByteBuffer out;
  for (; !plain.empty(); plain.remove_prefix(std::min(plain.size(), format::kBlockBytes))) {
    compressor->append_frame(plain.substr(0, format::kBlockBytes), out);
  }
  return out;
}

int run(const std::vector<std::string>& arguments) {
  const std::string option = arguments.size() > 6 ? arguments[6] : "";
  job::Target target;
  target.encoding = arguments[0];
  target.line_delimiter = arguments[1] == "CRLF" ? "\r\n" : arguments[1] == "CR" ? "\r" : "\n";
  target.null_format = "\\N";
  for (std::size_t i = 0; i < kColumns; ++i) target.header.push_back("c" + std::to_string(i));
  const auto encoder = format::make_encoder(target);
  if (!encoder) {
    fmt::print(stderr, "{}\n", encoder.error().message());
    return 1;
  }
  Texts texts(target.encoding, std::stoull(arguments[2]), option == "nul");
  const std::size_t rows = std::stoull(arguments[3]);
  pipeline::RowBatch batch(kColumns);
  std::deque<std::string> kept;
  boost::json::array expected;
  for (std::size_t row = 0; row < rows; ++row) {
    pipeline::Value* const values = batch.append_row();
    boost::json::array& line = expected.emplace_back(boost::json::array()).as_array();
    for (std::size_t column = 0; column < kColumns; ++column) {
      if (texts.below(10) == 0) {  // stays null
        line.emplace_back("\\N");
        continue;
      }
      kept.push_back(texts.next());
      values[column].type = pipeline::ValueType::string;
      values[column].text = kept.back();
      line.emplace_back(kept.back());
    }
  }
  format::ByteBuffer out;
  out.append((*encoder)->object_prefix());
  (*encoder)->append_header(target.header, out);
  const format::Encoded encoded = (*encoder)->append(batch, 0, rows, out);
  if (encoded.rows != rows) {
    fmt::print(stderr, "row {}: column {} {}\n", encoded.rows, encoded.column, encoded.problem);
    return 1;
  }
  if (option == "gzip") out = gzip(out.view());
  std::ofstream(arguments[4], std::ios::binary) << out.view();
  std::ofstream(arguments[5], std::ios::binary) << boost::json::serialize(expected);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 7 || count > 8) {
    fmt::print(stderr, "usage: csv_emit ENCODING LF|CR|CRLF SEED ROWS CSV JSON [nul|gzip]\n");
    return 2;
  }
  return run(std::vector<std::string>(arguments + 1, arguments + count));
}
