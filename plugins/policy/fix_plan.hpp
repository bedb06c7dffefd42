// What pods need to be let in under a Pod Security level, workload by workload, judged by the
// audit's own evaluation. Pure functions.
#pragma once

#include <kai/audit/facts/security.hpp>
#include <kai/audit/path.hpp>
#include <kai/model/json.hpp>
#include <kai/model/resource.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kai::policy {

// A control that is broken, at the first field that breaks it.
struct BrokenControl {
  std::string control;  // "Host Namespaces"
  std::string path;     // "spec.template.spec.hostPID"
  std::string value;    // what stands there, or "not set"
};

struct WorkloadFix {
  model::ObjectRef object;
  std::vector<BrokenControl> broken;
  model::Json patch = model::Json::array();  // a JSON patch for the object; empty: none helps
  std::vector<BrokenControl> left;           // what it leaves
  std::string note;                          // why the patch cannot just be applied
  // As a shell takes it; empty: the object cannot be patched.
  [[nodiscard]] std::string command() const;
};

// Of pods and workloads, as the server returned them, those that `level` would turn away.
std::vector<WorkloadFix> fixes_for(const std::vector<model::Resource>& objects,
                                   std::string_view level);

}  // namespace kai::policy
