// Device plugin configurations that do not share GPUs as they say, and pods that ask for
// more shares than they get.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/gpu.hpp>
#include <kai/model/scheduling.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace kai::audit {
namespace {

Finding finding_in(const SharingConfig& config, std::string subject) {
  Finding finding;
  finding.object = config.object;
  finding.origin = config.origin;
  finding.path = FieldPath() / "data" / std::string_view(config.entry);
  finding.subject = config.entry + " " + std::move(subject);
  return finding;
}

void check_config(const SharingConfig& config, Findings& findings) {
  for (const SharingConfig::Stray& stray : config.strays) {
    Finding finding = finding_in(config, stray.where);
    finding.observed = stray.where;
    finding.expected = stray.home;
    finding.message = config.entry + ": the device plugin ignores " + stray.where +
                      "; its place is in " + stray.home;
    if (stray.where.ends_with("timeSlicing") || stray.where.ends_with("mps")) {
      finding.message = config.entry + ": the device plugin ignores " + stray.where +
                        "; its place is " + stray.home;
    }
    findings.add(std::move(finding));
  }
  if (config.strategy.empty()) return;
  const std::string home = "sharing." + config.strategy + ".resources";
  if (config.resources.empty()) {
    Finding finding = finding_in(config, home);
    finding.observed = "none";
    finding.expected = "at least one resource";
    finding.message = config.entry + ": " + home + " is empty: the device plugin does not start";
    findings.add(std::move(finding));
  }
  for (const SharingConfig::Resource& resource : config.resources) {
    if (resource.replicas >= 2) continue;
    Finding finding = finding_in(config, home + " " + resource.name);
    finding.observed =
        resource.replicas < 0 ? "no replicas" : "replicas: " + std::to_string(resource.replicas);
    finding.expected = "replicas of 2 or more";
    finding.message =
        config.entry + ": " + (resource.name.empty() ? "a resource" : resource.name) +
        (resource.replicas < 0 ? " has no replicas"
                               : " has replicas " + std::to_string(resource.replicas)) +
        ": the device plugin takes no less than 2 and does not start";
    findings.add(std::move(finding));
  }
}

bool shares(const Node& node) {
  const auto replicas = node.head.labels->get(model::k_label_gpu_replicas);
  const auto strategy = node.head.labels->get(model::k_label_sharing_strategy);
  return (replicas && *replicas != "0" && *replicas != "1") || (strategy && *strategy != "none");
}

// Resources of which a pod gets no more than one: every configuration says so that has it.
std::set<std::string, std::less<>> one_each(const Facts& facts) {
  std::set<std::string, std::less<>> strict;
  std::set<std::string, std::less<>> lenient;
  for (const SharingConfig& config : facts.sharing_configs) {
    for (const SharingConfig::Resource& resource : config.resources) {
      (config.one_each ? strict : lenient).insert(resource.advertised);
    }
  }
  for (const std::string& name : lenient) strict.erase(name);
  return strict;
}

// Whether all that the pod can get are shares. What is called .shared always is one. Of
// another name only where nodes can be seen: all that could take the pod share their GPUs.
bool gets_shares(const Facts& facts, const PodTemplate& spec, const Amount& gpu) {
  if (gpu.resource.view().ends_with(".shared")) return true;
  if (!facts.whole_cluster()) {
    // All there is says that GPUs are shared, and neither nodes nor the pod choose.
    const auto& configs = facts.sharing_configs;
    return spec.placement.node_selector.empty() && !spec.placement.node_affinity &&
           std::all_of(configs.begin(), configs.end(),
                       [](const SharingConfig& config) { return !config.strategy.empty(); });
  }
  bool any = false;
  for (const Node& node : facts.nodes) {
    if (amount_of(node.capacity, gpu.resource).is_zero() ||
        !model::matches_affinity(spec.placement, node.to_model())) {
      continue;
    }
    if (!shares(node)) return false;
    any = true;
  }
  return any;
}

void check(const Facts& facts, Findings& findings) {
  for (const SharingConfig& config : facts.sharing_configs) check_config(config, findings);
  const auto strict = one_each(facts);
  if (strict.empty()) return;
  facts.each_subject([&](const Subject& subject) {
    if (subject.finished) return;
    for (const Container& container : subject.spec->containers) {
      for (const Amount& limit : container.limits) {
        if (!strict.contains(limit.resource.view()) || limit.quantity.value() < 2 ||
            !gets_shares(facts, *subject.spec, limit)) {
          continue;
        }
        Finding finding;
        finding.object = subject.ref;
        finding.origin = subject.origin;
        finding.path =
            subject.container_path(container) / "resources" / "limits" / limit.resource.view();
        finding.subject = container.name.str() + " " + limit.resource.str();
        finding.observed = limit.quantity.to_string();
        finding.expected = "1";
        finding.message = "container " + container.name.str() + " asks for " +
                          limit.quantity.to_string() + " shares of " + limit.resource.str() +
                          ", and the device plugin refuses more than one "
                          "(failRequestsGreaterThanOne, or MPS)";
        finding.fix = "Ask for 1: more shares are no larger part of a GPU";
        findings.add(std::move(finding));
      }
    }
  });
}

}  // namespace

extern const Rule k_gpu_sharing_misconfigured;
constinit const Rule k_gpu_sharing_misconfigured = {
    .id = "gpu-sharing-misconfigured",
    .severity = Severity::error,
    .category = Category::gpu_nodes,
    .where = Where::both,
    .about = About::namespaced,
    .title = "GPU sharing is configured in a way that does not work",
    .why =
        "The device plugin steps over keys that it does not expect, so GPUs are not shared and "
        "nobody is told; with too few replicas it does not start at all. A pod that asks for more "
        "shares than one may get is refused by the kubelet again and again.",
    .fix =
        "Write version: v1 and sharing: {timeSlicing: {resources: [{name: nvidia.com/gpu, "
        "replicas: 4}]}}; kubectl ai gpu setup --time-slicing N writes a valid configuration.",
    .reference = "https://github.com/NVIDIA/k8s-device-plugin#shared-access-to-gpus",
    .needs = {},
    .reads = k_workload_kinds | KindSet{Kind::config_map, Kind::node},
    .check = &check,
};

}  // namespace kai::audit
