# cmake -C shared/cmake/presets/fuzz.cmake -S . -B build/fuzz
set(CMAKE_CXX_COMPILER clang++-14 CACHE STRING "")
set(CMAKE_C_COMPILER clang-14 CACHE STRING "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(CMAKE_CXX_FLAGS "-O1 -g1" CACHE STRING "")
set(KAI_SANITIZE ON CACHE BOOL "")
set(KAI_LIBFUZZER ON CACHE BOOL "")
