// Backups that nobody has ever tried to restore.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  const Operations& operations = *facts.operations;
  const auto completed = std::count_if(
      operations.backups.begin(), operations.backups.end(),
      [](const Backup& backup) { return backup.phase == std::string_view("Completed"); });
  const bool restored = std::any_of(
      operations.restores.begin(), operations.restores.end(),
      [](const BackupRestore& restore) { return restore.phase == std::string_view("Completed"); });
  if (completed == 0 || restored) return;
  const std::string ns = velero_namespace(facts);
  Finding finding;
  finding.object = {"v1", "Namespace", "", ns};
  if (const Namespace* found = facts.find_namespace(ns)) finding.origin = found->head.origin;
  finding.observed =
      operations.restores.empty()
          ? "no Restore"
          : count_of(static_cast<std::int64_t>(operations.restores.size()), "Restore") +
                ", none Completed";
  finding.expected = "a completed Restore";
  finding.message = count_of(completed, "completed backup") + " and no Restore that completed";
  finding.subject = "restore";
  findings.add(std::move(finding));
}

}  // namespace

extern const Rule k_backup_never_restored;
constinit const Rule k_backup_never_restored = {
    .id = "backup-never-restored",
    .severity = Severity::info,
    .category = Category::backup,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "No backup has ever been restored",
    .why =
        "Whether a backup is one is known when it has been restored. Missing volumes, webhooks "
        "and images are found then, better not on the day of the loss.",
    .fix =
        "Restore one namespace under another name and look at it: velero restore create "
        "--from-backup NAME --namespace-mappings team-a:team-a-restored.",
    .reference = "https://velero.io/docs/main/restore-reference/",
    .needs = {Kind::velero_restore, Kind::velero_backup},
    .reads = {Kind::velero_location, Kind::velero_schedule},
    .check = &check,
};

}  // namespace kai::audit
