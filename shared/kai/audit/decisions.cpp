#include <kai/audit/decisions.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

// Sorted by rule.
constexpr std::array<Decision, 9> k_decisions = {{
    {"backup-none", "why its Schedule was paused"},
    {"gpu-job-no-ttl", "whether its logs are wanted for longer than a day"},
    {"gpu-node-lost", "whether its maintenance is over"},
    {"gpu-rdma-ipc-lock", "whether its namespace may allow what the baseline level forbids"},
    {"pod-violates-restricted", "whether its images run as another user than root"},
    {"priority-several-defaults", "which class shall be the default"},
    {"rbac-anonymous", "whether anything relies on it"},
    {"rbac-cluster-admin", "whether the subject can do without these rights"},
    {"rbac-escalation", "whether the subject can do without these rights"},
}};

}  // namespace

std::span<const Decision> all_decisions() {
  return k_decisions;
}

std::string_view decision_about(std::string_view rule) {
  const auto found = std::find_if(k_decisions.begin(), k_decisions.end(),
                                  [&](const Decision& decision) { return decision.rule == rule; });
  return found == k_decisions.end() ? std::string_view() : found->question;
}

}  // namespace kai::audit
