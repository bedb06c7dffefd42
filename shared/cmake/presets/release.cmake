# cmake -C shared/cmake/presets/release.cmake -S . -B build/release
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(KAI_WERROR ON CACHE BOOL "")
