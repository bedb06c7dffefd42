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
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What the optimizer infers differs by level and by sanitizer, and is often wrong:
    # shown, but no reason to fail.
    target_compile_options(kai_warnings INTERFACE
      -Wno-error=dangling-pointer -Wno-error=array-bounds -Wno-error=stringop-overread
      -Wno-error=use-after-free -Wno-error=free-nonheap-object)
  endif()
endif()
if(KAI_SANITIZE)
  target_compile_options(kai_warnings INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(kai_warnings INTERFACE -fsanitize=address,undefined)
endif()
if(KAI_LIBFUZZER)
  target_compile_options(kai_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()
