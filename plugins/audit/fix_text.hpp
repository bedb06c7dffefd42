// Fixes as people read them, and as documents. Pure functions.
#pragma once

#include <kai/apply/change.hpp>
#include <kai/audit/fix.hpp>
#include <kai/model/json.hpp>
#include <kai/output/style.hpp>

#include <span>
#include <string>
#include <vector>

namespace kai::audit_command {

// What is done to one object of the cluster.
struct ObjectPlan {
  std::vector<const audit::Finding*> findings;  // that it settles
  model::Json before;
  model::Json after;
  std::vector<std::string> impacts;  // "restarts its 3 pods"
};

// `plans` run parallel to `set.changes`. `width` 0 never breaks lines.
std::string fix_plan_text(const apply::ChangeSet& set, std::span<const ObjectPlan> plans,
                          const output::Palette& palette, int width);
// The findings that keep their patches and why, those with the same reason together.
std::string left_text(std::span<const audit::LeftOut> left, const output::Palette& palette,
                      int width);
// After writing, where it did not go well: object by object.
std::string fix_outcome_text(const apply::ChangeSet& set, const output::Palette& palette);

// "3 patches for 2 objects"; `what` is "object" or "file".
std::string count_text(std::size_t patches, std::size_t count, std::string_view what);

// The body of an AuditFix document (output/audit-fix.schema.json) about a cluster.
model::Json fix_json(const apply::ChangeSet& set, std::span<const ObjectPlan> plans,
                     std::span<const audit::LeftOut> left);
// Parts of it that files have, too.
model::Json findings_json(std::span<const audit::Finding* const> findings);
model::Json left_json(std::span<const audit::LeftOut> left);

}  // namespace kai::audit_command
