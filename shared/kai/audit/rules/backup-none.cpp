// Clusters whose data nobody saves.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

// "2 claims in team-a and team-b", or nothing.
std::string at_stake(const Facts& facts) {
  std::int64_t claims = 0;
  std::vector<std::string> namespaces;
  for (const PersistentVolumeClaim& claim : facts.operations->claims) {
    if (!holds_user_data(claim)) continue;
    ++claims;
    const std::string ns = claim.head.ns.str();
    if (namespaces.empty() || namespaces.back() != ns) namespaces.push_back(ns);
  }
  return claims == 0 ? "" : count_of(claims, "claim") + " in " + list_names(namespaces);
}

void check(const Facts& facts, Findings& findings) {
  const Operations& operations = *facts.operations;
  const auto& schedules = operations.schedules;
  if (std::any_of(schedules.begin(), schedules.end(),
                  [](const BackupSchedule& schedule) { return schedule.enabled(); })) {
    return;
  }
  const std::string stake = at_stake(facts);
  // What has no claims can be made again from its manifests; Velero alone says that
  // somebody wants backups nevertheless.
  if (has_other_backup(facts) || (stake.empty() && !has_velero(facts))) return;
  Finding finding;
  finding.expected = "a Schedule that runs";
  finding.subject = "schedule";
  if (!has_velero(facts)) {
    finding.object = {"apiextensions.k8s.io/v1", "CustomResourceDefinition", "",
                      "schedules.velero.io"};
    finding.observed = "no Velero";
    finding.message = "no backup program is installed, and nothing saves " + stake;
  } else if (schedules.empty()) {
    finding.object = {"v1", "Namespace", "", velero_namespace(facts)};
    if (const Namespace* found = facts.find_namespace(finding.object.name)) {
      finding.origin = found->head.origin;
    }
    finding.observed = "no Schedule";
    finding.message = "Velero is there and has no Schedule";
    finding.fix = "velero schedule create daily --schedule '@daily' --ttl 720h";
  } else {
    const BackupSchedule& first = schedules.front();
    finding.object = first.head.ref();
    finding.origin = first.head.origin;
    finding.path =
        first.paused ? FieldPath() / "spec" / "paused" : FieldPath() / "spec" / "schedule";
    finding.observed = first.paused ? "paused" : "FailedValidation";
    finding.message = schedules.size() == 1
                          ? "the only Schedule does not run"
                          : "none of " + std::to_string(schedules.size()) + " Schedules runs";
    for (const BackupSchedule& schedule : schedules) {
      finding.details.push_back(
          schedule.head.name.str() +
          (schedule.paused ? " is paused"
                           : " is not valid" +
                                 (schedule.invalid.empty() ? "" : ": " + schedule.invalid.str())));
    }
    if (first.paused) {
      finding.fix = "velero schedule unpause " + first.head.name.str();
      finding.patch = Patch{Patch::Type::merge, {{"spec", {{"paused", false}}}}};
    }
  }
  if (has_velero(facts) && !stake.empty()) finding.details.push_back("nothing saves " + stake);
  findings.add(std::move(finding));
}

}  // namespace

extern const Rule k_backup_none;
constinit const Rule k_backup_none = {
    .id = "backup-none",
    .severity = Severity::error,
    .category = Category::backup,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "Nothing backs up the cluster",
    .why =
        "A deleted namespace, a broken disk or a failed upgrade takes notebooks, models and "
        "datasets with it, for good.",
    .fix =
        "Install Velero with an object store outside the cluster, and a Schedule for every "
        "namespace that holds data.",
    .reference = "https://velero.io/docs/main/backup-reference/#schedule-a-backup",
    .needs = {Kind::velero_schedule, Kind::velero_location, Kind::velero_backup,
              Kind::persistent_volume_claim, Kind::pod},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
