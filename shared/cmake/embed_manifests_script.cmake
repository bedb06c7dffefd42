# Writes OUT: a C++ file with one raw string per file of FILES (joined by '|').
string(REPLACE "|" ";" files "${FILES}")
set(entries "")
foreach(file IN LISTS files)
  file(READ ${DIR}/${file} text)
  # One raw literal may hold 64 KiB portably; adjacent ones are joined by the compiler.
  string(LENGTH "${text}" length)
  set(pieces "")
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${text}" ${at} 8000 piece)
    string(APPEND pieces "\n  R\"kai~(${piece})kai~\"")
    math(EXPR at "${at} + 8000")
  endwhile()
  string(APPEND entries "    {\"${file}\"sv, std::string_view(${pieces})},\n")
endforeach()
file(WRITE ${OUT}
"// Generated from manifests/; do not edit.
#include <kai/model/manifests.hpp>

namespace kai::model {
std::span<const Manifest> embedded_manifests() {
  using namespace std::string_view_literals;
  static const Manifest k_manifests[] = {
${entries}    {{}, {}}};
  return {k_manifests, std::size(k_manifests) - 1};
}
}  // namespace kai::model
")
