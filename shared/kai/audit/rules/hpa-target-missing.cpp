// Autoscalers of nothing.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/names.hpp>

#include <algorithm>
#include <optional>

namespace kai::audit {
namespace {

std::optional<Kind> scalable(std::string_view kind) {
  if (kind == "Deployment") return Kind::deployment;
  if (kind == "StatefulSet") return Kind::stateful_set;
  if (kind == "ReplicationController") return Kind::replication_controller;
  return std::nullopt;
}

// Files prove that a target is missing where they hold the workloads of its namespace.
bool is_known_to_be_missing(const Facts& facts, const Autoscaler& scaler, Kind kind) {
  if (scaler.target_read) return false;
  if (facts.whole_cluster()) return facts.complete.has(kind);
  return std::any_of(facts.workloads.begin(), facts.workloads.end(), [&](const Workload& found) {
    return found.head.ns == scaler.head.ns && scalable(found.head.kind).has_value();
  });
}

// What may be meant: an object of the name of another kind, or a name nearly like it.
std::string suggestion(const Facts& facts, const Autoscaler& scaler) {
  std::vector<std::string> names;
  for (const Workload& workload : facts.workloads) {
    if (workload.head.ns != scaler.head.ns || !scalable(workload.head.kind)) continue;
    if (workload.head.name == scaler.target_name) {
      return workload.head.kind.str() + " " + workload.head.name.str();
    }
    if (workload.head.kind == scaler.target_kind) names.push_back(workload.head.name.str());
  }
  const auto nearest = model::nearest_name(scaler.target_name, names);
  return nearest ? scaler.target_kind.str() + " " + *nearest : std::string();
}

void check(const Facts& facts, Findings& findings) {
  for (const Autoscaler& scaler : facts.governance.autoscalers) {
    const auto kind = scalable(scaler.target_kind);
    if (!kind || scaler.target_name.empty() || scaler.head.deleting ||
        !is_known_to_be_missing(facts, scaler, *kind)) {
      continue;
    }
    const std::string target = scaler.target_kind.str() + " " + scaler.target_name.str();
    const std::string meant = suggestion(facts, scaler);
    Finding finding;
    finding.object = scaler.head.ref();
    finding.origin = scaler.head.origin;
    finding.path = FieldPath() / "spec" / "scaleTargetRef";
    finding.observed = target;
    finding.expected = meant.empty() ? "an object that exists" : meant;
    finding.message = "scales " + target + ", which " +
                      (facts.whole_cluster() ? "does not exist" : "is not among these files");
    if (!meant.empty()) finding.message += "; is " + meant + " meant?";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_hpa_target_missing;
constinit const Rule k_hpa_target_missing = {
    .id = "hpa-target-missing",
    .severity = Severity::error,
    .category = Category::monitoring,
    .where = Where::both,
    .about = About::namespaced,
    .title = "An autoscaler's target does not exist",
    .why =
        "The autoscaler does nothing but write FailedGetScale events: the workload that it was "
        "made for keeps its number of replicas, whatever the load.",
    .fix = "Correct spec.scaleTargetRef, or delete the autoscaler.",
    .reference = "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/",
    .needs = {Kind::horizontal_pod_autoscaler},
    .reads = {Kind::deployment, Kind::stateful_set, Kind::replication_controller},
    .check = &check,
};

}  // namespace kai::audit
