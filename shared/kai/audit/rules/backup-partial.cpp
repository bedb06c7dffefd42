// Newest backups that failed.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

bool failed(const Backup& backup) {
  const std::string_view phase = backup.phase;
  return phase == "PartiallyFailed" || phase == "Failed" || phase == "FailedValidation";
}

// Those that are still at work say nothing yet.
bool is_over(const Backup& backup) {
  return failed(backup) || backup.phase == std::string_view("Completed");
}

void report(const Facts& facts, const Backup* newest, Findings& findings) {
  if (newest == nullptr || !failed(*newest)) return;
  Finding finding;
  finding.object = newest->head.ref();
  finding.origin = newest->head.origin;
  finding.path = FieldPath() / "status" / "phase";
  finding.observed = newest->phase.str();
  finding.expected = "Completed";
  finding.message = newest->phase.str();
  if (facts.now > newest->time()) {
    finding.message += " " + format_age(facts.now - newest->time()) + " ago";
  }
  if (newest->errors > 0) finding.message += " with " + count_of(newest->errors, "error");
  if (!newest->reason.empty()) finding.message += ": " + newest->reason.str();
  finding.details.push_back(newest->schedule.empty()
                                ? "it is the newest backup of all"
                                : "it is the newest of schedule " + newest->schedule.str());
  finding.fix = "velero backup describe " + newest->head.name.str() +
                " --details, velero backup logs " + newest->head.name.str();
  // The next one of the schedule fails for the same reason.
  finding.subject = newest->schedule.empty() ? "" : newest->schedule.str();
  findings.add(std::move(finding));
}

void check(const Facts& facts, Findings& findings) {
  for (const BackupSchedule& schedule : facts.operations->schedules) {
    report(facts,
           newest_backup(facts,
                         [&](const Backup& backup) {
                           return backup.schedule == schedule.head.name &&
                                  backup.head.ns == schedule.head.ns && is_over(backup);
                         }),
           findings);
  }
  // One that a person made counts if nothing came after it.
  const Backup* const newest = newest_backup(facts, is_over);
  if (newest == nullptr) return;
  const auto& schedules = facts.operations->schedules;
  const bool reported =
      std::any_of(schedules.begin(), schedules.end(), [&](const BackupSchedule& schedule) {
        return schedule.head.name == newest->schedule && schedule.head.ns == newest->head.ns;
      });
  if (!reported) report(facts, newest, findings);
}

}  // namespace

extern const Rule k_backup_partial;
constinit const Rule k_backup_partial = {
    .id = "backup-partial",
    .severity = Severity::warning,
    .category = Category::backup,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "The newest backup failed, or lacks something",
    .why =
        "A PartiallyFailed backup looks like a backup until it is restored; what it lacks is "
        "said in its log alone.",
    .fix = "Read the errors in velero backup logs NAME, settle them, and make a new backup.",
    .reference = "https://velero.io/docs/main/troubleshooting/",
    .needs = {Kind::velero_backup},
    .reads = {Kind::velero_schedule},
    .check = &check,
};

}  // namespace kai::audit
