// Pods that the restricted level of the Pod Security Standards would turn away, while the
// baseline level lets them in.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/pod_levels.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

using model::Json;

// A namespace that has settled for another level, and does not ask about restricted either,
// has been decided about.
bool is_settled(const Facts& facts, std::string_view ns) {
  const std::string_view enforced = pod_security_level(facts, ns, "enforce");
  if (enforced.empty() || enforced == "restricted") return false;
  return pod_security_level(facts, ns, "audit") != "restricted" &&
         pod_security_level(facts, ns, "warn") != "restricted";
}

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

// Settles everything that can be settled without knowing the image; nullopt when something
// else would be left. A pod that is there cannot be changed.
std::optional<Patch> patch_for(const Subject& subject) {
  const PodSecurity& security = subject.spec->security;
  if (subject.workload == nullptr || security.debugged) return std::nullopt;
  for (const PodBreach& breach : security.breaches) {
    const bool added = breach.control == PodControl::restricted_capabilities &&
                       breach.path.view().find("/capabilities/add/") != std::string_view::npos;
    if (added || breach.control == PodControl::restricted_volumes ||
        breach.control == PodControl::run_as_user ||
        breach.control == PodControl::restricted_proc_mount) {
      return std::nullopt;
    }
  }
  Json steps = Json::array();
  harden(steps, subject.spec_path / "securityContext", security.pod);
  for (std::size_t i = 0; i < security.containers.size(); ++i) {
    harden(steps, subject.container_path(subject.spec->containers[i]) / "securityContext",
           security.containers[i]);
  }
  return Patch{Patch::Type::json, std::move(steps)};
}

void check(const Facts& facts, Findings& findings) {
  facts.each_subject([&](const Subject& subject) {
    const PodSecurity& security = subject.spec->security;
    if (subject.finished || security.breaks_baseline() || !security.breaks_restricted()) return;
    if (is_infrastructure_namespace(subject.ref.ns) || is_host_infrastructure(*subject.spec) ||
        is_settled(facts, subject.ref.ns)) {
      return;
    }
    Finding finding;
    finding.object = subject.ref;
    finding.origin = subject.origin;
    finding.path = path_of(security.breaches.front(), subject);
    finding.subject = subject.spec_path.pointer();
    finding.observed = security.breaches.front().value.str();
    finding.expected = "what the restricted level allows";
    finding.message = "breaks " + count_of(static_cast<std::int64_t>(security.breaches.size()),
                                           "restricted control");
    if (pod_security_level(facts, subject.ref.ns, "enforce") == "restricted") {
      finding.message += ", and its namespace enforces restricted: new pods are refused";
    }
    finding.details = describe_breaches(security.breaches, subject);
    finding.patch = patch_for(subject);
    findings.add(std::move(finding));
  });
}

}  // namespace

extern const Rule k_pod_violates_restricted;
constinit const Rule k_pod_violates_restricted = {
    .id = "pod-violates-restricted",
    .severity = Severity::info,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A pod breaks the restricted level of the Pod Security Standards",
    .why =
        "Nothing is wrong with it at the baseline level. A namespace that shall enforce "
        "restricted, as those of tenants should, would not let it in.",
    .fix =
        "Set in every container allowPrivilegeEscalation: false and capabilities.drop: [ALL], "
        "and in the pod runAsNonRoot: true and seccompProfile.type: RuntimeDefault.",
    .reference = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
    .needs = {},
    .reads = k_workload_kinds | KindSet{Kind::name_space},
    .check = &check,
};

}  // namespace kai::audit
