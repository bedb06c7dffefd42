// Which items of a list became which of another. A pure function.
#pragma once

#include <kai/model/json.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace kai::model {

// An item that stayed or changed, that went (no `after`), or that came (no `before`).
struct PairedItems {
  std::optional<std::size_t> before;
  std::optional<std::size_t> after;
};

// In the order of both lists: equal items belong together (their longest common
// subsequence); between them, items are paired by their position.
std::vector<PairedItems> pair_items(const Json& before, const Json& after);

}  // namespace kai::model
