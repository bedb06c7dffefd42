// What the fuzz targets hold of every input. A property that does not hold ends the process,
// as a sanitizer's finding does; driver.cpp or libFuzzer then says which input it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>

// The one entry of a target, known to libFuzzer by this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace kai::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// `seen` is what was found instead.
inline void hold(bool property, const char* what, std::string_view seen = {}) {
  if (property) return;
  std::cerr << "property does not hold: " << what << '\n' << seen << std::endl;
  std::abort();
}

}  // namespace kai::fuzz
