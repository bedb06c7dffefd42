# kai_warnings: the one place where warnings and sanitizers are switched on.
add_library(kai_warnings INTERFACE)
target_compile_options(kai_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wcast-align -Wunused -Wnull-dereference
  -Wdouble-promotion -Wformat=2 -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside the standard library's own inlined code.
  target_compile_options(kai_warnings INTERFACE
    -Wno-null-dereference -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow)
endif()
if(KAI_WERROR)
  target_compile_options(kai_warnings INTERFACE -Werror)
endif()
if(KAI_SANITIZE)
  target_compile_options(kai_warnings INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(kai_warnings INTERFACE -fsanitize=address,undefined)
endif()
