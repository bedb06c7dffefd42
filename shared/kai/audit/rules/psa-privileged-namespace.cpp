// Namespaces that let every pod in, on purpose or not.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/pod_levels.hpp>
#include <kai/audit/rule.hpp>

#include <map>
#include <set>

namespace kai::audit {
namespace {

struct Inhabitants {
  std::set<std::string> needy;  // workloads that baseline would turn away
  std::size_t others = 0;
  bool infrastructure = false;  // some of the needy reach into their host by design
  bool stray = false;           // and some do not
};

std::map<std::string, Inhabitants> inhabitants(const Facts& facts) {
  std::map<std::string, Inhabitants> found;
  facts.each_subject([&](const Subject& subject) {
    if (subject.finished) return;
    Inhabitants& here = found[subject.ref.ns];
    if (!subject.spec->security.breaks_baseline()) {
      ++here.others;
      return;
    }
    here.needy.insert(subject.ref.name);
    (is_host_infrastructure(*subject.spec) ? here.infrastructure : here.stray) = true;
  });
  return found;
}

void check(const Facts& facts, Findings& findings) {
  constexpr std::string_view k_enforce = "pod-security.kubernetes.io/enforce";
  const auto all = inhabitants(facts);
  for (const Namespace& ns : facts.namespaces) {
    const std::string name = ns.head.name.str();
    if (ns.terminating || is_infrastructure_namespace(name) ||
        pod_security_level(facts, name, "enforce") != "privileged") {
      continue;
    }
    const auto here = all.find(name);
    const bool nobody = here == all.end();
    if (!nobody && here->second.infrastructure && !here->second.stray) continue;
    Finding finding;
    finding.object = ns.head.ref();
    finding.origin = ns.head.origin;
    finding.path = FieldPath() / "metadata" / "labels" / k_enforce;
    finding.observed = "privileged";
    finding.expected = "baseline or restricted";
    if (!nobody && !here->second.needy.empty()) {
      const auto& needy = here->second.needy;
      finding.message =
          "lets every pod in, for the sake of " + list_names({needy.begin(), needy.end()});
      finding.fix =
          "Move what needs it into a namespace of its own, then enforce baseline here; "
          "or make it do without (see pod-violates-baseline)";
    } else {
      finding.message = "lets every pod in";
      if (!nobody) {
        finding.message += here->second.others == 1
                               ? ", and its one workload does not need it"
                               : ", and none of its " + std::to_string(here->second.others) +
                                     " workloads needs it";
      }
      finding.fix =
          "kubectl label ns " + name + " " + std::string(k_enforce) + "=baseline --overwrite";
      finding.patch = Patch{Patch::Type::merge,
                            {{"metadata", {{"labels", {{std::string(k_enforce), "baseline"}}}}}}};
    }
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_psa_privileged_namespace;
constinit const Rule k_psa_privileged_namespace = {
    .id = "psa-privileged-namespace",
    .severity = Severity::warning,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A namespace of workloads enforces the privileged level",
    .why =
        "Whoever may create pods there may become root on every node that they reach. The "
        "label only says that somebody knew.",
    .fix = "Enforce baseline, and keep what needs more in a namespace of its own.",
    .reference = "https://kubernetes.io/docs/concepts/security/pod-security-standards/#privileged",
    .needs = {Kind::name_space},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
