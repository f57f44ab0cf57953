sluice_fuzzer(time_expression_fuzz
  SOURCES core/job/time_expression.cpp core/job/time_expression_parser.cpp core/job/expression_offset.cpp
          core/job/civil_time.cpp
  LINKS date::date-tz)
file(GLOB job_sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/core/job/*.cpp)
sluice_fuzzer(job_file_fuzz SOURCES ${job_sources}
  LINKS date::date-tz yaml-cpp OpenSSL::Crypto Boost::json)
sluice_fuzzer(import_fuzz SOURCES ${job_sources}
  LINKS date::date-tz yaml-cpp OpenSSL::Crypto Boost::json)
sluice_fuzzer(plain_buffer_fuzz SOURCES core/tablestore/plain_buffer.cpp)
sluice_fuzzer(page_fuzz SOURCES core/tablestore/page_decoder.cpp)
sluice_fuzzer(store_xml_fuzz SOURCES core/objects/store_xml.cpp core/http/percent_decode.cpp)
sluice_fuzzer(inflate_fuzz SOURCES core/http/inflate.cpp LINKS ZLIB::ZLIB)
sluice_fuzzer(row_codec_fuzz SOURCES core/tablestore/row_codec.cpp core/tablestore/plain_buffer.cpp)
sluice_fuzzer(series_tags_fuzz SOURCES core/tablestore/series_tags.cpp)
sluice_fuzzer(status_table_fuzz
  SOURCES core/tablestore/status_table.cpp core/http/deflate.cpp core/http/inflate.cpp
  LINKS Boost::json ZLIB::ZLIB)
sluice_fuzzer(manifest_fuzz
  SOURCES core/objects/manifest.cpp core/pipeline/json_reader.cpp core/pipeline/position.cpp LINKS Boost::json)
sluice_fuzzer(date_pattern_fuzz SOURCES core/format/date_pattern.cpp core/job/civil_time.cpp
  LINKS date::date-tz ICU::i18n ICU::uc)
file(GLOB format_sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/core/format/*.cpp)
sluice_fuzzer(csv_fuzz SOURCES ${format_sources} core/job/civil_time.cpp
  LINKS date::date-tz ICU::i18n ICU::uc OpenSSL::Crypto ZLIB::ZLIB PkgConfig::ZSTD)
sluice_fuzzer(http_request_fuzz SOURCES daemon/http_rules.cpp daemon/access.cpp core/http/crypto.cpp
  LINKS Boost::json OpenSSL::Crypto)
sluice_fuzzer(object_path_fuzz
  SOURCES core/localfile/object_path.cpp core/s3/etag.cpp core/http/crypto.cpp core/http/headers.cpp
          core/http/endpoint.cpp
  LINKS OpenSSL::Crypto)
