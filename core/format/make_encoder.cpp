#include "core/format/make_encoder.hpp"

#include "core/format/csv.hpp"
#include "core/format/text.hpp"

#include <fmt/format.h>

namespace sluice::format {

Result<std::unique_ptr<RowEncoder>> make_encoder(const job::Target& target) {
  if (target.encoding != "UTF-8") {
    return Error(Errc::invalid_argument,
                 fmt::format("use encoding {}: only UTF-8 is written; correct `encoding`", target.encoding));
  }
  if (target.file_format == job::FileFormat::csv) {
    if (target.field_delimiter.empty() ||
        target.field_delimiter.find_first_of("\"\r\n") != std::string::npos) {
      return Error(Errc::invalid_argument,
                   "use the csv delimiter: it must be one character, not a quote or a line end; correct "
                   "`fieldDelimiter`");
    }
    return std::unique_ptr<RowEncoder>(
        std::make_unique<CsvEncoder>(target.field_delimiter, target.null_format));
  }
  return std::unique_ptr<RowEncoder>(
      std::make_unique<TextEncoder>(target.field_delimiter, target.null_format));
}

}  // namespace sluice::format
