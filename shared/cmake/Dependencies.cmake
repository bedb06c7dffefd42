# Every dependency is a Debian -dev package. libcurl is opened at run time by
# kai/http (loading it costs more than an offline command takes), so only its
# headers are needed here.
find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(CURL REQUIRED)
pkg_check_modules(YAML REQUIRED yaml-0.1)
set(OPENSSL_USE_STATIC_LIBS ON)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)

# The static archives keep start-up short and the binaries portable.
find_library(KAI_LIBYAML NAMES libyaml.a yaml REQUIRED)
find_library(KAI_LIBZ NAMES libz.a z REQUIRED)

add_library(kai_dependencies INTERFACE)
target_include_directories(kai_dependencies SYSTEM INTERFACE
  ${YAML_INCLUDE_DIRS} ${CURL_INCLUDE_DIRS})
target_link_libraries(kai_dependencies INTERFACE
  nlohmann_json::nlohmann_json
  ${KAI_LIBYAML} ${KAI_LIBZ} OpenSSL::Crypto Threads::Threads ${CMAKE_DL_LIBS})
# kai/base/fmt_library.cpp is written against fmt 9; other versions go header-only, which
# only costs time to compile.
if(fmt_VERSION VERSION_LESS 9 OR fmt_VERSION VERSION_GREATER_EQUAL 10)
  target_compile_definitions(kai_dependencies INTERFACE FMT_HEADER_ONLY=1)
endif()
if(NOT KAI_SANITIZE)
  target_link_options(kai_dependencies INTERFACE -static-libstdc++ -static-libgcc)
endif()
