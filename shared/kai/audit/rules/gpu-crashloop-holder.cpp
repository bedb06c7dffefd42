// Pods that keep their GPUs while they crash again and again.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/rule.hpp>

#include <map>
#include <tuple>

namespace kai::audit {
namespace {

// The pods of one controller.
struct Loop {
  const Pod* worst = nullptr;  // the one that restarted most often
  std::int64_t pods = 0;
  Amounts gpus;
};

using Key = std::tuple<std::string_view, const Owner*, const Pod*>;

void add(Amounts& sum, const Amounts& more) {
  for (const Amount& amount : more) {
    bool found = false;
    for (Amount& entry : sum) {
      if (entry.resource != amount.resource) continue;
      entry.quantity += amount.quantity;
      found = true;
    }
    if (!found) sum.push_back(amount);
  }
}

void check(const Facts& facts, Findings& findings) {
  std::map<Key, Loop> loops;
  for (const Pod& pod : facts.pods) {
    if (pod.reason != std::string_view("CrashLoopBackOff") || pod.node.empty() || pod.finished() ||
        pod.deleting || !pod.spec->wants_gpu()) {
      continue;
    }
    Loop& loop = loops[{pod.ns, pod.owner, pod.owner == nullptr ? &pod : nullptr}];
    ++loop.pods;
    add(loop.gpus, pod.spec->gpus);
    if (loop.worst == nullptr || pod.restarts > loop.worst->restarts) loop.worst = &pod;
  }
  for (const auto& [key, loop] : loops) {
    const Pod& pod = *loop.worst;
    Finding finding;
    finding.object = controller_ref(pod);
    finding.origin = pod.origin;
    finding.subject = "crash-loop";
    finding.observed = "CrashLoopBackOff after " + count_of(pod.restarts, "restart");
    finding.expected = "running, or no GPUs held";
    finding.message = (pod.owner == nullptr ? "crashes" : pod.name.str() + " crashes") +
                      " again and again and holds " + describe_gpus(loop.gpus) + ": " +
                      count_of(pod.restarts, "restart") + " in " +
                      format_age(facts.now - pod.created);
    if (loop.pods > 1) {
      finding.message = count_of(loop.pods, "pod") + " crash again and again and hold " +
                        describe_gpus(loop.gpus) + ": up to " + count_of(pod.restarts, "restart") +
                        " in " + format_age(facts.now - pod.created) + " (" + pod.name.str() + ")";
    }
    if (!pod.message.empty())
      finding.details.push_back("last end of container " + pod.message.str());
    finding.fix = "kubectl logs -n " + pod.ns.str() + " " + pod.name.str() +
                  " --previous shows why; until that is mended, " +
                  (pod.owner == nullptr ? "delete the pod" : "scale it to zero");
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_gpu_crashloop_holder;
constinit const Rule k_gpu_crashloop_holder = {
    .id = "gpu-crashloop-holder",
    .severity = Severity::warning,
    .category = Category::gpu_workloads,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "A crash-looping pod holds GPUs",
    .why =
        "Between its crashes the kubelet waits up to five minutes, and the GPUs stay set aside: "
        "they are paid for, counted by the quota, and do nothing.",
    .fix =
        "Look at the log of the container that ended (kubectl logs --previous), and scale the "
        "workload to zero until it is mended.",
    .reference =
        "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restarts",
    .needs = {Kind::pod},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
