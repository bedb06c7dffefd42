// GPU pods that no GPU node lets in.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/gpu.hpp>
#include <kai/model/scheduling.hpp>

#include <algorithm>
#include <map>
#include <optional>

namespace kai::audit {
namespace {

// The admission plugin that gives a pod a toleration for every extended resource it asks
// for, with the resource's name as the key.
constexpr std::string_view k_plugin = "ExtendedResourceToleration";

bool plugin_is_on(const Facts& facts) {
  for (const ControlPlanePod& pod : facts.control_plane) {
    if (pod.program != "kube-apiserver") continue;
    const auto* const flag = pod.flag("enable-admission-plugins");
    return flag != nullptr && flag->value.find(k_plugin) != std::string::npos;
  }
  // The clouds' API servers cannot be seen; GKE, EKS and AKS have it on.
  return std::any_of(facts.nodes.begin(), facts.nodes.end(), [](const Node& node) {
    const std::string_view provider = node.provider;
    return provider.starts_with("gce://") || provider.starts_with("aws://") ||
           provider.starts_with("azure://");
  });
}

// What keeps pods of one template out, over all nodes that have what they ask for.
struct Verdict {
  bool let_in = false;
  std::vector<std::string> nodes;
  std::map<std::string, std::string> taints;  // as text, and the key to tolerate

  void keep_out(const Node& node, const model::Taint& taint) {
    nodes.push_back(node.name().str());
    taints.emplace(taint.to_string(), taint.key);
  }
};

// Nodes in files are often no more than their labels and taints.
bool may_serve(const Facts& facts, const Node& node, const PodTemplate& spec) {
  for (const Amount& wanted : spec.gpus) {
    if (!amount_of(node.capacity, wanted.resource).is_zero()) return true;
  }
  if (facts.whole_cluster() || !node.capacity.empty()) return false;
  return gpu_label(node) != nullptr ||
         std::any_of(node.taints.begin(), node.taints.end(),
                     [](const model::Taint& taint) { return model::is_gpu_resource(taint.key); });
}

const model::Taint* first_obstacle(const PodTemplate& spec, const std::vector<model::Taint>& taints,
                                   bool plugin) {
  for (const model::Taint& taint : taints) {
    const auto& tolerations = spec.placement.tolerations;
    const bool tolerated =
        std::any_of(tolerations.begin(), tolerations.end(),
                    [&](const model::Toleration& t) { return t.tolerates(taint); });
    const bool injected =
        plugin && std::any_of(spec.gpus.begin(), spec.gpus.end(), [&](const Amount& gpu) {
          return gpu.resource == std::string_view(taint.key);
        });
    if (!tolerated && !injected) return &taint;
  }
  return nullptr;
}

// Judges every GPU template against every node that could serve it. Nodes are converted
// one at a time: a large cluster has thousands, each with a hundred labels.
std::map<const PodTemplate*, Verdict> judge(const Facts& facts, bool plugin) {
  std::map<const PodTemplate*, Verdict> verdicts;
  facts.each_subject([&](const Subject& subject) {
    if (subject.spec->wants_gpu() && !subject.finished) verdicts.try_emplace(subject.spec);
  });
  // Pods too: admission may have given them what their template lacks.
  for (const Pod& pod : facts.pods) {
    if (pod.spec->wants_gpu() && !pod.finished()) verdicts.try_emplace(pod.spec);
  }
  if (verdicts.empty()) return verdicts;
  for (const Node& node : facts.nodes) {
    const auto taints = lasting_taints(node);
    std::optional<model::Node> converted;
    for (auto& [spec, verdict] : verdicts) {
      if (verdict.let_in || !may_serve(facts, node, *spec)) continue;
      if (!converted) converted = node.to_model();
      if (!model::matches_affinity(spec->placement, *converted)) continue;
      const model::Taint* const obstacle = first_obstacle(*spec, taints, plugin);
      if (obstacle == nullptr) {
        verdict.let_in = true;
      } else {
        verdict.keep_out(node, *obstacle);
      }
    }
  }
  for (auto& [spec, verdict] : verdicts) {
    if (verdict.let_in || !verdict.nodes.empty() || facts.whole_cluster()) continue;
    for (const model::Taint& taint : facts.declared_taints) {
      if (first_obstacle(*spec, {taint}, plugin) != nullptr) {
        verdict.taints.emplace(taint.to_string(), taint.key);
      }
    }
  }
  return verdicts;
}

// Something between the template and its pods adds the toleration.
bool pods_are_let_in(const Facts& facts, const Subject& subject,
                     const std::map<const PodTemplate*, Verdict>& verdicts) {
  return std::any_of(facts.pods.begin(), facts.pods.end(), [&](const Pod& pod) {
    if (pod.owner == nullptr || pod.ns != subject.ref.ns || !pod.spec->wants_gpu()) return false;
    const auto verdict = verdicts.find(pod.spec);
    if (verdict == verdicts.end() || !verdict->second.let_in) return false;
    const model::ObjectRef owner = controller_ref(pod);
    return owner.kind == subject.ref.kind && owner.name == subject.ref.name;
  });
}

void check(const Facts& facts, Findings& findings) {
  const auto verdicts = judge(facts, plugin_is_on(facts));
  facts.each_subject([&](const Subject& subject) {
    const auto found = verdicts.find(subject.spec);
    if (found == verdicts.end() || subject.finished) return;
    const Verdict& verdict = found->second;
    if (verdict.let_in || verdict.taints.empty() || pods_are_let_in(facts, subject, verdicts))
      return;
    std::vector<std::string> taints;
    std::string tolerations;
    for (const auto& [text, key] : verdict.taints) {
      taints.push_back(text);
      const std::string wanted = "{key: " + key + ", operator: Exists}";
      if (tolerations.find(wanted) == std::string::npos) {
        tolerations += (tolerations.empty() ? "" : ", ") + wanted;
      }
    }
    const bool one = verdict.nodes.size() == 1;
    Finding finding;
    finding.object = subject.ref;
    finding.origin = subject.origin;
    finding.path = subject.spec_path / "tolerations";
    finding.subject = subject.spec_path.pointer();
    finding.observed = subject.spec->placement.tolerations.empty() ? "no tolerations"
                                                                   : "no toleration that matches";
    finding.expected = "a toleration of " + list_names(taints);
    finding.message = "asks for " + describe_gpus(subject.spec->gpus) + " and does not tolerate " +
                      list_names(taints);
    finding.message += verdict.nodes.empty() ? " that the profile gives to GPU nodes"
                       : one ? " of the only node that has it, " + verdict.nodes.front()
                             : " of all " + std::to_string(verdict.nodes.size()) +
                                   " nodes that have it: " + list_names(verdict.nodes);
    finding.fix = "Add to the pod spec: tolerations: [" + tolerations + "]";
    findings.add(std::move(finding));
  });
}

}  // namespace

extern const Rule k_gpu_toleration_missing;
constinit const Rule k_gpu_toleration_missing = {
    .id = "gpu-toleration-missing",
    .severity = Severity::error,
    .category = Category::gpu_workloads,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A GPU workload tolerates no GPU node's taints",
    .why =
        "Every node that has the GPUs it asks for turns it away. Its pods stay Pending; those "
        "that run since before the taint will not come back after a restart.",
    .fix = "Add a toleration for the taint's key with operator Exists to the pod spec.",
    .reference = "https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/",
    .needs = {Kind::node},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
