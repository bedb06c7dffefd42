// Plans and their outcomes as people read them, and as documents. Pure functions.
#pragma once

#include "impact.hpp"

#include <kai/apply/change.hpp>
#include <kai/model/json.hpp>
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

// What would change, whom it hits, and what else to know. Nodes with the same changes are
// told together. `width` 0 never breaks lines.
std::string plan_text(const PlanReport& report, const output::Palette& palette, int width);

// "2 to create, 3 to configure, 1 to delete, 4 unchanged".
std::string plan_summary(const apply::ChangeSet& set);

// One write: "Node gpu-a: +label a=b"; "DaemonSet kube-system/x created" or "create
// DaemonSet kube-system/x".
enum class Tense { past, infinitive };
std::string change_line(const apply::Change& change, Tense tense);

// After writing: what was done, and where it did not go well, object by object.
std::string outcome_text(const apply::ChangeSet& set, const output::Palette& palette);

// The body of a GPUPlan document.
model::Json plan_json(const PlanReport& report);

}  // namespace kai::gpu
