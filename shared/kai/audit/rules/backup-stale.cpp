// Schedules whose backups have stopped.
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/cron.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  for (const BackupSchedule& schedule : facts.operations->schedules) {
    if (!schedule.enabled() || schedule.head.deleting) continue;
    const auto interval = model::longest_interval(schedule.cron);
    if (!interval) continue;
    const Backup* const newest = newest_backup(facts, [&](const Backup& backup) {
      return backup.schedule == schedule.head.name && backup.head.ns == schedule.head.ns &&
             backup.phase == std::string_view("Completed");
    });
    const Seconds since = newest == nullptr ? schedule.head.created : newest->time();
    if (since == 0 || facts.now - since <= 2 * *interval) continue;
    const std::string every = "runs at least every " + format_age(*interval);
    Finding finding;
    finding.object = schedule.head.ref();
    finding.origin = schedule.head.origin;
    finding.path = FieldPath() / "spec" / "schedule";
    finding.observed = newest == nullptr ? "no completed backup"
                                         : "completed " + format_age(facts.now - since) + " ago";
    finding.expected = "a completed backup within " + format_age(2 * *interval);
    finding.message =
        newest == nullptr
            ? every + ", is " + format_age(facts.now - since) + " old and has no completed backup"
            : every + ", and its newest completed backup, " + newest->head.name.str() + ", is " +
                  format_age(facts.now - since) + " old";
    finding.fix = "velero backup get -l velero.io/schedule-name=" + schedule.head.name.str() +
                  " shows how they end; velero backup logs NAME shows why";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_backup_stale;
constinit const Rule k_backup_stale = {
    .id = "backup-stale",
    .severity = Severity::error,
    .category = Category::backup,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A schedule's newest good backup is old",
    .why =
        "The Schedule is there and everybody believes in it, but what it last saved is older "
        "than two of its rounds. The next loss takes all that came after.",
    .fix =
        "Look at the newest backups of the Schedule and at Velero's log; then make one by hand: "
        "velero backup create --from-schedule NAME.",
    .reference = "https://velero.io/docs/main/troubleshooting/",
    .needs = {Kind::velero_schedule, Kind::velero_backup},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
