// Namespaces with data or GPU workloads that no schedule saves.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <map>

namespace kai::audit {
namespace {

constexpr std::string_view k_exclude = "velero.io/exclude-from-backup";

struct Stake {
  std::int64_t claims = 0;
  std::int64_t workloads = 0;
};

bool left_out_on_purpose(const LabelSet& labels) {
  return labels.get(k_exclude) == "true";
}

std::map<std::string_view, Stake> stakes(const Facts& facts) {
  std::map<std::string_view, Stake> result;
  for (const PersistentVolumeClaim& claim : facts.operations->claims) {
    if (holds_user_data(claim) && !left_out_on_purpose(*claim.head.labels)) {
      ++result[claim.head.ns].claims;
    }
  }
  const auto count = [&](std::string_view ns) {
    if (!WellKnown::get().is_system_namespace(ns)) ++result[ns].workloads;
  };
  for (const Workload& workload : facts.workloads) {
    if (!workload.finished && workload.spec->wants_gpu()) count(workload.head.ns);
  }
  for (const Pod* const pod : facts.lone_pods) {
    if (!pod->finished() && pod->spec->wants_gpu()) count(pod->ns);
  }
  return result;
}

void check(const Facts& facts, Findings& findings) {
  std::vector<const BackupSchedule*> schedules;
  for (const BackupSchedule& schedule : facts.operations->schedules) {
    if (schedule.enabled() && !schedule.head.deleting) schedules.push_back(&schedule);
  }
  // Then backup-none has said it, or somebody saves them in another way.
  if (schedules.empty() || has_other_backup(facts)) return;
  for (const auto& [ns, stake] : stakes(facts)) {
    const bool covered =
        std::any_of(schedules.begin(), schedules.end(),
                    [ns = ns](const BackupSchedule* schedule) { return schedule->covers(ns); });
    const Namespace* const found = facts.find_namespace(ns);
    if (covered ||
        (found != nullptr && (found->terminating || left_out_on_purpose(*found->head.labels)))) {
      continue;
    }
    std::vector<std::string> names;
    for (const BackupSchedule* const schedule : schedules) {
      names.push_back(schedule->head.name.str());
    }
    std::string what;
    if (stake.claims > 0) what = count_of(stake.claims, "claim");
    if (stake.workloads > 0) {
      what += (what.empty() ? "" : " and ") + count_of(stake.workloads, "GPU workload");
    }
    Finding finding;
    finding.object = {"v1", "Namespace", "", std::string(ns)};
    if (found != nullptr) finding.origin = found->head.origin;
    finding.observed = "in no Schedule";
    finding.expected = "a Schedule whose template includes it";
    finding.message = "has " + what + " and is in no Schedule (" + list_names(names) + ")";
    finding.fix = "Add " + std::string(ns) +
                  " to the includedNamespaces of a Schedule, or say that it needs none: kubectl "
                  "label ns " +
                  std::string(ns) + " " + std::string(k_exclude) + "=true";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_backup_namespace_uncovered;
constinit const Rule k_backup_namespace_uncovered = {
    .id = "backup-namespace-uncovered",
    .severity = Severity::warning,
    .category = Category::backup,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A namespace with data or GPU workloads is in no backup schedule",
    .why =
        "Schedules that list namespaces know nothing of those that came later. Their claims and "
        "objects are lost with the cluster while the backups look healthy.",
    .fix =
        "Add the namespace to a Schedule's template, or have the Schedule take all namespaces "
        "and exclude some.",
    .reference = "https://velero.io/docs/main/resource-filtering/",
    .needs = k_workload_kinds |
             KindSet{Kind::velero_schedule, Kind::persistent_volume_claim, Kind::name_space},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
