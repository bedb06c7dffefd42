// Impacts: whom a plan hits, told before anything is written. Plain values; pure functions.
#pragma once

#include <kai/model/json.hpp>
#include <kai/model/resource.hpp>
#include <kai/output/style.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kai::output {

// What can happen to somebody; a constant of the plugin that knows.
struct ImpactKind {
  std::string_view id;    // "rejected", in documents
  Style style;            // bad: it happens at once; warning: it may
  std::string_view noun;  // "workload"
  std::string_view what;  // "could not be made again": follows the count and the noun
};

struct Impact {
  const ImpactKind* kind = nullptr;
  model::ObjectRef object;
  std::string detail;  // without a full stop
};

// Kind by kind in the order in which they first appear, a line for each object; of many the
// first few. Ends in a newline, or is empty.
std::string impacts_text(const std::vector<Impact>& impacts, const Palette& palette, int width);
// [{kind, object, detail}]
model::Json impacts_json(const std::vector<Impact>& impacts);

}  // namespace kai::output
