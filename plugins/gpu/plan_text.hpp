// Plans and their outcomes as people read them, and as documents. Pure functions.
#pragma once

#include "impact.hpp"

#include <kai/apply/change.hpp>
#include <kai/model/json.hpp>
#include <kai/output/change_text.hpp>
#include <kai/output/style.hpp>

#include <string>
#include <vector>

namespace kai::gpu {

// What a command has found out about its writes, before or after them.
struct PlanReport {
  apply::ChangeSet set;
  std::vector<Impact> impacts;
  std::vector<std::string> notes;
};

// What would change, whom it hits, and what else to know. `width` 0 never breaks lines.
std::string plan_text(const PlanReport& report, const output::Palette& palette, int width);

// Our record on a node says the same as the taints beside it.
output::Hidden hidden_fields();

// The body of a GPUPlan document.
model::Json plan_json(const PlanReport& report);

}  // namespace kai::gpu
