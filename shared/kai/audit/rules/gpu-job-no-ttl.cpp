// GPU Jobs that stay for ever when they are done.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/resource.hpp>

namespace kai::audit {
namespace {

bool is_job(const Workload& workload) {
  return workload.head.kind == std::string_view("Job") &&
         model::Resource::group_of(workload.head.api_version) == "batch";
}

void check(const Facts& facts, Findings& findings) {
  for (const Workload& workload : facts.workloads) {
    // Whoever owns a Job takes it along when he goes, and a CronJob keeps few.
    if (!is_job(workload) || !workload.spec->wants_gpu() || workload.cleaned_up ||
        workload.head.owned || workload.head.deleting ||
        WellKnown::get().is_system_namespace(workload.head.ns)) {
      continue;
    }
    Finding finding;
    finding.object = workload.head.ref();
    finding.origin = workload.head.origin;
    finding.path = FieldPath() / "spec" / "ttlSecondsAfterFinished";
    finding.observed = "no ttlSecondsAfterFinished";
    finding.expected = "ttlSecondsAfterFinished, or an owner that deletes it";
    finding.message = workload.finished ? "is done, and nothing deletes it and its pods"
                                        : "nothing will delete it and its pods when it is done";
    finding.patch = Patch{Patch::Type::merge, {{"spec", {{"ttlSecondsAfterFinished", 86400}}}}};
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_job_no_ttl;
constinit const Rule k_gpu_job_no_ttl = {
    .id = "gpu-job-no-ttl",
    .severity = Severity::info,
    .category = Category::gpu_workloads,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A GPU Job is never cleaned up",
    .why =
        "Jobs that are done and their pods stay in etcd and in every list; they count in quotas on "
        "objects, and their local scratch data stays on the GPU node.",
    .fix =
        "Set spec.ttlSecondsAfterFinished, such as 86400 for a day; keep the logs elsewhere. Where "
        "GitOps applies the Job, make it a hook instead: what a TTL has deleted is applied again, "
        "and runs again.",
    .reference = "https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/",
    .needs = {},
    .reads = {Kind::job, Kind::cron_job},
    .check = &check,
};

}  // namespace kai::audit
