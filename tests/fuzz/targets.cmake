sluice_fuzzer(time_expression_fuzz
  SOURCES core/job/time_expression.cpp core/job/civil_time.cpp LINKS date::date-tz)
sluice_fuzzer(plain_buffer_fuzz SOURCES core/tablestore/plain_buffer.cpp)
sluice_fuzzer(page_fuzz SOURCES core/tablestore/page_decoder.cpp)
sluice_fuzzer(oss_xml_fuzz SOURCES core/oss/xml.cpp)
