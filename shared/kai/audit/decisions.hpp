// Patches that nobody can be sure about who does not know the people concerned: a right that
// is taken away, a node that was cordoned on purpose. One table.
#pragma once

#include <span>
#include <string_view>

namespace kai::audit {

struct Decision {
  std::string_view rule;
  std::string_view question;  // "whether its maintenance is over"
};

std::span<const Decision> all_decisions();

// What has to be decided before a patch of the rule is made; empty: nothing.
std::string_view decision_about(std::string_view rule);

}  // namespace kai::audit
