# Writes OUTPUT: the test files of FILES as one, so that what they include is compiled once. Each is put into a namespace
# of its own, because test files have helpers of the same short names; what they include stands before all of them.
# cmake -DFILES="a.cpp;b.cpp" -DROOT=folder -DOUTPUT=batch.cpp -P batch.cmake
set(includes "")
set(bodies "")
foreach(file IN LISTS FILES)
  file(STRINGS ${file} lines REGEX "^#include ")
  list(APPEND includes ${lines})
  file(RELATIVE_PATH path ${ROOT} ${file})
  string(MAKE_C_IDENTIFIER ${path} name)
  string(APPEND bodies "namespace ${name} {\n#include \"${path}\"\n}\n")
endforeach()
list(REMOVE_DUPLICATES includes)
list(JOIN includes "\n" includes)
file(WRITE ${OUTPUT} "${includes}\n\n${bodies}")
