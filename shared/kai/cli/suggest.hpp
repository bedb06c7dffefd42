// The word that was probably meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::cli {

// The known word nearest to `wrong`: the only one that begins with it, else the
// closest by edits; nullopt when none is close.
std::optional<std::string> suggest(std::string_view wrong, const std::vector<std::string>& known);

}  // namespace kai::cli
