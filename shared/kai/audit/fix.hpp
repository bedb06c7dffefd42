// Fixes: the patches of a report, put together object by object. Pure functions.
#pragma once

#include <kai/audit/report.hpp>
#include <kai/base/result.hpp>
#include <kai/model/json.hpp>

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

// Everything that is to be changed in one object. Points into the Fixes.
struct Fix {
  model::ObjectRef object;
  Origin origin;
  std::vector<const Finding*> findings;  // with patches, worst first

  // Whether a patch names items of lists by their number: then it is right for the object
  // that was audited only, and not for what has become of it since.
  [[nodiscard]] bool names_items() const;
};

// A finding that has a patch and keeps it.
struct LeftOut {
  const Finding* finding = nullptr;
  std::string reason;  // without a full stop
  std::string hint;    // what would make it happen; may be empty
  // Somebody has to decide first; everything else was asked for and is not possible.
  bool undecided = false;
};

struct Fixes {
  Fixes() = default;
  Fixes(Fixes&&) = default;
  Fixes& operator=(Fixes&&) = default;

  std::deque<Finding> findings;  // with patches; what follows points at them
  std::vector<Fix> objects;      // worst first
  std::vector<LeftOut> left;
  int without_patch = 0;  // findings that only people can see to
};

// Whether the user named the rule itself, not its category or severity.
using IsNamed = std::function<bool(std::string_view rule)>;

// Patches that need a decision are left out unless their rule is named.
Fixes collect_fixes(const Report& report, const IsNamed& is_named);

// `object` with the patches made. Those that do not fit it, or each other, are put into
// `left` and are not in `made`.
struct Fixed {
  model::Json object;
  std::vector<const Finding*> made;
  std::vector<LeftOut> left;
};
Fixed apply_fix(const model::Json& object, const Fix& fix);

}  // namespace kai::audit
