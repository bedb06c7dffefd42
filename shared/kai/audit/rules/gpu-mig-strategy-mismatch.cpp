// MIG profiles that pods ask for and no node offers.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/gpu.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace kai::audit {
namespace {

// What nodes offer, by resource name; the nodes' names with it.
struct Offer {
  std::set<std::string_view> resources;
  std::vector<std::string> single;  // nodes whose strategy shows instances as whole GPUs
  std::set<std::string> profiles;   // that nodes do advertise
};

Offer read_offer(const Facts& facts) {
  Offer offer;
  for (const Node& node : facts.nodes) {
    for (const Amount& amount : node.capacity) {
      if (!model::is_gpu_resource(amount.resource) || amount.quantity.is_zero()) continue;
      offer.resources.insert(amount.resource);
      if (model::is_mig_resource(amount.resource)) offer.profiles.insert(amount.resource.str());
    }
    if (advertises_gpus(node) && node.head.labels->get(model::k_label_mig_strategy) == "single") {
      offer.single.push_back(node.name().str());
    }
  }
  return offer;
}

void check(const Facts& facts, Findings& findings) {
  const Offer offer = read_offer(facts);
  // An autoscaler may bring nodes; what they will offer is not known.
  if (offer.resources.empty()) return;
  facts.each_subject([&](const Subject& subject) {
    if (subject.finished || (subject.workload != nullptr && subject.workload->replicas == 0))
      return;
    for (const Amount& wanted : subject.spec->gpus) {
      if (!model::is_mig_resource(wanted.resource) || offer.resources.contains(wanted.resource)) {
        continue;
      }
      Finding finding;
      finding.object = subject.ref;
      finding.origin = subject.origin;
      finding.subject = subject.spec_path.pointer() + " " + wanted.resource.str();
      finding.path = subject.spec_path / "containers";
      for (const Container& container : subject.spec->containers) {
        if (amount_of(container.limits, wanted.resource).is_zero()) continue;
        finding.path =
            subject.container_path(container) / "resources" / "limits" / wanted.resource.view();
        break;
      }
      finding.observed = wanted.quantity.to_string() + " " + wanted.resource.str();
      finding.message = "asks for " + finding.observed + ", which no node advertises";
      const std::vector<std::string> profiles(offer.profiles.begin(), offer.profiles.end());
      if (!offer.single.empty()) {
        finding.message += "; with mig.strategy=single " + list_names(offer.single) +
                           (offer.single.size() == 1 ? " shows" : " show") +
                           " instances as nvidia.com/gpu";
      }
      if (!profiles.empty()) finding.message += "; there is " + list_names(profiles, 5);
      if (!profiles.empty()) {
        finding.expected = "a profile that a node has";
        finding.fix = "Ask for " + list_names(profiles, 5) +
                      ", or add the profile to a node's nvidia.com/mig.config";
      } else if (!offer.single.empty()) {
        finding.expected = "nvidia.com/gpu";
        finding.fix =
            "Ask for nvidia.com/gpu with a nodeSelector on nvidia.com/gpu.product, or set "
            "the strategy to mixed";
      } else {
        finding.expected = "a node with that profile";
      }
      findings.add(std::move(finding));
    }
  });
}

}  // namespace

extern const Rule k_gpu_mig_strategy_mismatch;
constinit const Rule k_gpu_mig_strategy_mismatch = {
    .id = "gpu-mig-strategy-mismatch",
    .severity = Severity::error,
    .category = Category::gpu_nodes,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "A pod asks for a MIG profile that no node advertises",
    .why =
        "With the strategy single every instance is called nvidia.com/gpu, with mixed "
        "nvidia.com/mig-PROFILE. A pod that uses the other's name, or a profile that no GPU is cut "
        "into, stays Pending.",
    .fix =
        "Ask for what nodes advertise (kubectl ai gpu status), or change nvidia.com/mig.config or "
        "the MIG strategy.",
    .reference = "https://docs.nvidia.com/datacenter/cloud-native/kubernetes/latest/index.html",
    .needs = {Kind::node},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
