file(GLOB job_sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/core/job/*.cpp)
# Those that fuzzers of their own read alone stay apart from the whole.
set(job_alone core/job/civil_time.cpp core/job/cron.cpp core/job/expression_offset.cpp core/job/time_expression.cpp
    core/job/time_expression_parser.cpp core/job/yaml_map.cpp core/job/slash_comments.cpp
    core/job/yaml_document.cpp core/job/problems.cpp)
list(REMOVE_ITEM job_sources ${job_alone})
file(GLOB format_sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/core/format/*.cpp)

# Not ours, and no parser: without sanitizers and counters.
sluice_fuzzed(fuzz_asio SOURCES core/base/boost_impl.cpp)
set_source_files_properties(${CMAKE_SOURCE_DIR}/core/base/boost_impl.cpp PROPERTIES COMPILE_OPTIONS "-fno-sanitize=all")
sluice_fuzzed(fuzz_base SOURCES
  core/base/error.cpp core/base/clock.cpp core/base/read_file.cpp core/base/utf8.cpp core/http/crypto.cpp core/http/deflate.cpp core/http/inflate.cpp
  core/http/endpoint.cpp core/http/headers.cpp core/http/percent_decode.cpp core/http/proxy.cpp
  core/pipeline/json_reader.cpp core/pipeline/position.cpp
  USES fuzz_asio)
sluice_fuzzed(fuzz_job_parts SOURCES ${job_alone} USES fuzz_base)
sluice_fuzzed(fuzz_job SOURCES ${job_sources} USES fuzz_job_parts UNITY)
sluice_fuzzed(fuzz_format SOURCES ${format_sources} USES fuzz_job_parts UNITY)
sluice_fuzzed(fuzz_decoders SOURCES
  core/tablestore/plain_buffer.cpp core/tablestore/page_decoder.cpp core/tablestore/row_codec.cpp
  core/tablestore/series_tags.cpp core/tablestore/status_table.cpp core/objects/store_xml.cpp
  core/objects/manifest.cpp core/localfile/object_path.cpp core/s3/etag.cpp
  USES fuzz_base)
# What the decoders are compared with.
sluice_fuzzed(fuzz_second_opinion SOURCES
  tests/fuzz/plain_buffer_repair.cpp tests/sandbox/plain_buffer_reader.cpp tests/sandbox/plain_buffer_writer.cpp
  tests/sandbox/ots_value.cpp tests/sandbox/xml_in.cpp core/base/virtual_clock.cpp
  USES fuzz_base)
sluice_fuzzed(fuzz_client SOURCES
  core/http/beast_impl.cpp core/http/connection.cpp core/http/credentials.cpp core/http/role_credentials.cpp core/http/retry_after.cpp
  core/http/tls.cpp core/http/transport.cpp core/http/resolver.cpp
  core/tablestore/client.cpp core/tablestore/operations.cpp core/tablestore/table_operations.cpp
  core/tablestore/signature.cpp core/tablestore/retry.cpp core/tablestore/ots_error.cpp core/tablestore/table_row.cpp
  core/oss/oss_error.cpp core/s3/s3_error.cpp
  USES fuzz_decoders)
target_include_directories(fuzz_client SYSTEM PUBLIC ${CMAKE_BINARY_DIR})
set(messages ${CMAKE_BINARY_DIR}/core/tablestore/ots.pb)
add_custom_command(OUTPUT ${messages}.cc ${messages}.h
  COMMAND protobuf::protoc --cpp_out=${CMAKE_BINARY_DIR} -I ${CMAKE_SOURCE_DIR} core/tablestore/ots.proto
  DEPENDS ${CMAKE_SOURCE_DIR}/core/tablestore/ots.proto VERBATIM)
target_sources(fuzz_client PRIVATE ${messages}.cc)
add_custom_target(fuzz_messages DEPENDS ${messages}.h)

sluice_fuzzed(fuzz_state SOURCES
  scheduler/instance.cpp storage/instance_rows.cpp storage/compressed_log.cpp storage/attempt_log_text.cpp
  storage/sqlite.cpp
  USES fuzz_job_parts)
sluice_fuzzed(fuzz_daemon SOURCES
  core/base/system_clock.cpp core/base/wall_alarm.cpp daemon/http/http_rules.cpp daemon/http/http_message.cpp daemon/http/access.cpp
  daemon/alerts/channel_address.cpp daemon/export/csv_count.cpp daemon/http/problem.cpp daemon/client/remote_api.cpp
  daemon/base/time_text.cpp daemon/api/event_ring.cpp daemon/simulate/simulate_faults.cpp daemon/alerts/alert_text.cpp
  daemon/alerts/alert_template.cpp daemon/alerts/channel_webhook.cpp scheduler/alerts.cpp scheduler/calendar.cpp scheduler/slot_days.cpp
  USES fuzz_job fuzz_client)
sluice_fuzzed(fuzz_config SOURCES
  daemon/config/config.cpp daemon/config/config_keys.cpp daemon/http/access_config.cpp daemon/alerts/alert_config.cpp
  USES fuzz_daemon)

sluice_fuzzer(answers_fuzz LINKS fuzz_daemon)
sluice_fuzzer(config_fuzz LINKS fuzz_config)
sluice_fuzzer(cron_fuzz LINKS fuzz_job_parts)
sluice_fuzzer(csv_fuzz LINKS fuzz_format)
sluice_fuzzer(date_pattern_fuzz LINKS fuzz_format)
sluice_fuzzer(http_answer_fuzz LINKS fuzz_client)
sluice_fuzzer(http_request_fuzz LINKS fuzz_daemon)
sluice_fuzzer(import_fuzz LINKS fuzz_job)
sluice_fuzzer(inflate_fuzz LINKS fuzz_base)
sluice_fuzzer(job_file_fuzz LINKS fuzz_job)
sluice_fuzzer(manifest_fuzz LINKS fuzz_decoders)
sluice_fuzzer(page_fuzz LINKS fuzz_client)
sluice_fuzzer(plain_buffer_fuzz LINKS fuzz_decoders fuzz_second_opinion)
sluice_fuzzer(row_codec_fuzz LINKS fuzz_decoders fuzz_second_opinion)
sluice_fuzzer(state_fuzz LINKS fuzz_state)
sluice_fuzzer(status_table_fuzz LINKS fuzz_decoders)
sluice_fuzzer(store_xml_fuzz LINKS fuzz_decoders)
sluice_fuzzer(table_store_answer_fuzz LINKS fuzz_client fuzz_second_opinion)
sluice_fuzzer(texts_fuzz LINKS fuzz_daemon fuzz_decoders fuzz_state)
sluice_fuzzer(time_expression_fuzz LINKS fuzz_job_parts)
