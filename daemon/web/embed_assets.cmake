# Turns files into one .cpp: cmake -DOUTPUT=assets.cpp "-DFILES=a;b" -P embed_assets.cmake
set(arrays "")
set(entries "")
set(number 0)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  file(SHA256 ${file} sha256)
  file(SIZE ${file} size)
  # 24 bytes a line: the array ends with a NUL that string_view leaves out, so that no file makes an empty array.
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(REGEX REPLACE "(('[^']+',){24})" "\\1\n" bytes "${bytes}")
  string(APPEND arrays "constexpr char kFile${number}[] = {\n${bytes}'\\0'};\n")
  string(APPEND entries "    {\"${name}\", std::string_view(kFile${number}, ${size}), \"${sha256}\"},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"daemon/base/web_assets.hpp\"

namespace sluice::daemon {
namespace {
${arrays}
constexpr EmbeddedFile kFiles[] = {
${entries}};
}  // namespace

std::span<const EmbeddedFile> embedded_files() { return kFiles; }

}  // namespace sluice::daemon
")
