# kai_embed_manifests(<target> <dir>): compiles every YAML file below <dir> into
# <target>; kai/model/manifests.hpp declares how to read them.
function(kai_embed_manifests target dir)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${dir} ${dir}/*.yaml)
  list(FILTER files EXCLUDE REGEX "^examples/")  # for users to copy
  list(SORT files)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/embedded_manifests.cpp)
  set(inputs)
  foreach(file IN LISTS files)
    list(APPEND inputs ${dir}/${file})
  endforeach()
  string(REPLACE ";" "|" joined "${files}")
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} "-DDIR=${dir}" "-DFILES=${joined}" "-DOUT=${generated}"
            -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed_manifests_script.cmake
    DEPENDS ${inputs} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed_manifests_script.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${generated})
endfunction()
