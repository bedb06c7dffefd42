// Autoscalers that look at the CPU of pods whose work is on the GPU.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>

#include <map>
#include <tuple>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  if (facts.governance.autoscalers.empty()) return;
  using Name = std::tuple<std::string, std::string, std::string>;  // kind, namespace, name
  std::map<Name, const PodTemplate*> targets;
  facts.each_subject([&](const Subject& subject) {
    if (!subject.spec->wants_gpu()) return;
    targets.emplace(Name(subject.ref.kind, subject.ref.ns, subject.ref.name), subject.spec);
  });
  for (const Autoscaler& scaler : facts.governance.autoscalers) {
    if (!scaler.on_cpu || scaler.on_others || scaler.head.deleting) continue;
    const auto target =
        targets.find({scaler.target_kind.str(), scaler.head.ns.str(), scaler.target_name.str()});
    if (target == targets.end()) continue;
    Finding finding;
    finding.object = scaler.head.ref();
    finding.origin = scaler.head.origin;
    finding.path = scaler.cpu;
    finding.subject = "cpu";
    finding.observed = "CPU of the pods";
    finding.expected = "a metric of the GPUs or of the work that waits";
    finding.message = "scales " + scaler.target_kind.str() + " " + scaler.target_name.str() +
                      ", which has " + describe_gpus(target->second->gpus) + " a pod, by its CPU";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_hpa_cpu;
constinit const Rule k_gpu_hpa_cpu = {
    .id = "gpu-hpa-cpu",
    .severity = Severity::info,
    .category = Category::gpu_workloads,
    .where = Where::both,
    .about = About::namespaced,
    .title = "An autoscaler scales a GPU workload on CPU",
    .why =
        "CPU says little about a GPU: a saturated model server may use 5 % of its CPU and is never "
        "scaled out, and a data loader that spins takes GPUs that nobody needs.",
    .fix =
        "Scale on what the GPUs do or on waiting work, such as DCGM_FI_DEV_GPU_UTIL or "
        "vllm:num_requests_waiting, through prometheus-adapter or KEDA.",
    .reference =
        "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/"
        "#scaling-on-custom-metrics",
    .needs = {},
    .reads = k_workload_kinds | KindSet{Kind::horizontal_pod_autoscaler},
    .check = &check,
};

}  // namespace kai::audit
