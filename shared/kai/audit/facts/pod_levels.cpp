#include <kai/audit/facts/pod_levels.hpp>

#include <kai/audit/security_table.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

using model::Json;

void add(Json& steps, const FieldPath& path, Json value) {
  steps.push_back({{"op", "add"}, {"path", path.pointer()}, {"value", std::move(value)}});
}

// The members that a securityContext lacks: as one object when it is not there at all,
// else one by one.
void harden(Json& steps, const FieldPath& path, std::uint8_t wants) {
  Json members = Json::object();
  if ((wants & k_wants_no_escalation) != 0) members["allowPrivilegeEscalation"] = false;
  if ((wants & k_wants_non_root) != 0) members["runAsNonRoot"] = true;
  if ((wants & k_wants_seccomp) != 0) members["seccompProfile"] = {{"type", "RuntimeDefault"}};
  if ((wants & k_wants_drop_all) != 0 && (wants & k_has_capabilities) == 0) {
    members["capabilities"] = {{"drop", {"ALL"}}};
  }
  if ((wants & k_has_context) == 0) {
    if (!members.empty()) add(steps, path, std::move(members));
    return;
  }
  for (auto& [key, value] : members.get_ref<Json::object_t&>()) {
    add(steps, path / std::string_view(key), std::move(value));
  }
  if ((wants & k_wants_drop_all) != 0 && (wants & k_has_capabilities) != 0) {
    add(steps, path / "capabilities" / "drop", Json::array({"ALL"}));
  }
}

}  // namespace

std::string_view pod_security_level(const Facts& facts, std::string_view ns,
                                    std::string_view mode) {
  const Namespace* const found = facts.find_namespace(ns);
  if (found == nullptr) return {};
  const std::string key = "pod-security.kubernetes.io/" + std::string(mode);
  return found->head.labels->get(key).value_or(std::string_view());
}

bool is_infrastructure_namespace(std::string_view ns) {
  return WellKnown::get().is_system_namespace(ns) ||
         SecurityTable::get().is_infrastructure_namespace(ns);
}

bool is_host_infrastructure(const PodTemplate& spec) {
  return std::any_of(spec.containers.begin(), spec.containers.end(), [](const Container& found) {
    return SecurityTable::get().is_host_image(found.image) ||
           WellKnown::get().is_gpu_infrastructure(found.image);
  });
}

std::vector<PodBreach> breaches_of(const PodSecurity& security, std::string_view level) {
  std::vector<PodBreach> broken;
  if (level != "baseline" && level != "restricted") return broken;
  for (const PodBreach& breach : security.breaches) {
    if (level == "restricted" || breach.control < k_first_restricted) broken.push_back(breach);
  }
  return broken;
}

Json hardening_steps(const Subject& subject) {
  const PodSecurity& security = subject.spec->security;
  Json steps = Json::array();
  harden(steps, subject.spec_path / "securityContext", security.pod);
  for (std::size_t i = 0; i < security.containers.size(); ++i) {
    harden(steps, subject.container_path(subject.spec->containers[i]) / "securityContext",
           security.containers[i]);
  }
  return steps;
}

bool is_left_by_hardening(const PodBreach& breach) {
  switch (breach.control) {
    case PodControl::privilege_escalation:
    case PodControl::run_as_non_root:
    case PodControl::restricted_seccomp: return false;
    case PodControl::restricted_capabilities:
      return breach.path.view().find("/capabilities/add/") != std::string_view::npos;
    default: return true;
  }
}

FieldPath path_of(const PodBreach& breach, const Subject& subject) {
  return subject.spec_path.parent() / FieldPath::from_pointer(breach.path);
}

std::vector<std::string> describe_breaches(const std::vector<PodBreach>& breaches,
                                           const Subject& subject) {
  std::vector<std::string> lines;
  for (const PodBreach& breach : breaches) {
    std::string line = std::string(to_string(breach.control)) + ": " +
                       path_of(breach, subject).to_string() + " is " +
                       (breach.value.empty() ? "\"\"" : breach.value.str());
    if (breach.count > 1) line += " (and " + std::to_string(breach.count - 1) + " more)";
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace kai::audit
