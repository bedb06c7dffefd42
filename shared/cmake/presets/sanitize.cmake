# cmake -C shared/cmake/presets/sanitize.cmake -S . -B build/sanitize
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(CMAKE_CXX_FLAGS "-O1 -g1" CACHE STRING "")
set(KAI_WERROR ON CACHE BOOL "")
set(KAI_SANITIZE ON CACHE BOOL "")
