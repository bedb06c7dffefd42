// What `policy whocan` and `policy access` print: tables for people and the bodies of
// documents. Pure functions.
#pragma once

#include "rbac_source.hpp"

#include <kai/model/abilities.hpp>
#include <kai/model/json.hpp>
#include <kai/output/style.hpp>

#include <string>
#include <vector>

namespace kai::policy {

// A subject's right by one binding: either `names` or `abilities` say more.
struct AccessLine {
  const model::RbacSubject* subject = nullptr;
  const model::RbacBinding* binding = nullptr;
  std::vector<std::string> names;         // the only objects; empty: all
  std::vector<model::Ability> abilities;  // of `policy access`
  bool is_system = false;                 // Kubernetes' own, or of its infrastructure
};

AccessLine make_line(const model::RbacSubject& subject, const model::RbacBinding& binding);

struct AccessAnswer {
  std::string head;    // "who may get secrets in namespace team"
  std::string nobody;  // said instead of a table
  std::vector<AccessLine> lines;
  std::vector<NotSeen> not_seen;
};

enum class Detail { table, wide };
enum class SystemSubjects { hidden, shown };

std::string answer_text(const AccessAnswer& answer, Detail detail, SystemSubjects system,
                        const output::Palette& palette, int width);
// Each subject once, one a line: "Group researchers".
std::string answer_names(const AccessAnswer& answer, SystemSubjects system);

// The body of a WhoCan.
model::Json whocan_json(const AccessAnswer& answer, const model::AccessRequest& request);
// The body of an AccessReview; `ns` is empty for the whole cluster.
model::Json review_json(const AccessAnswer& answer, const std::string& ns);

}  // namespace kai::policy
