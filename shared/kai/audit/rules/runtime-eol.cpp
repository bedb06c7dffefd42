// Container runtimes that get no more fixes, or that the next kubelet refuses.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <map>
#include <tuple>

namespace kai::audit {
namespace {

struct Runtime {
  std::string_view name;
  std::string_view version;  // as the node says it

  // "containerd://1.7.28-0ubuntu1", "cri-o://1.34.2".
  static Runtime of(std::string_view text) {
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos) return {};
    return {text.substr(0, colon), text.substr(colon + 3)};
  }
};

void check(const Facts& facts, Findings& findings) {
  const RuntimeTable* table = nullptr;
  for (const Node& node : facts.nodes) {
    const Runtime runtime = Runtime::of(node.runtime_version);
    const KubeVersion version = KubeVersion::parse(runtime.version);
    if (!version.known()) continue;
    if (table == nullptr) table = &RuntimeTable::get();
    const KubeVersion kubelet = KubeVersion::parse(node.kubelet_version);
    const std::string what = std::string(runtime.name) + " " + std::string(runtime.version);
    Finding finding;
    finding.object = node.head.ref();
    finding.origin = node.head.origin;
    finding.path = FieldPath() / "status" / "nodeInfo" / "containerRuntimeVersion";
    finding.observed = node.runtime_version.str();
    const auto* const end = table->end_of_life(runtime.name, version);
    const bool over = end != nullptr && facts.now > end->time;
    std::string needs;
    if (kubelet.known()) {
      KubeVersion next = kubelet;
      ++next.minor;
      const auto now_needed = table->needed(runtime.name, kubelet);
      const auto next_needed = table->needed(runtime.name, next);
      if (now_needed && version < *now_needed) {
        needs =
            "Kubernetes " + kubelet.to_string() + " wants " + now_needed->to_string() + " or newer";
      } else if (next_needed && version < *next_needed) {
        needs = "the next minor, Kubernetes " + next.to_string() + ", wants " +
                next_needed->to_string() + " or newer";
      }
    }
    if (!over && needs.empty()) continue;
    finding.expected = "a version that is supported";
    if (over) {
      finding.message = what + " has got no fixes since " + end->date;
      if (!needs.empty()) finding.details.push_back(std::move(needs));
    } else {
      finding.message = what + " is too old: " + needs;
    }
    finding.fix = "kubectl drain " + node.name().str() + ", upgrade " + std::string(runtime.name) +
                  ", kubectl uncordon; read its release notes for the format of its "
                  "configuration first";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_runtime_eol;
constinit const Rule k_runtime_eol = {
    .id = "runtime-eol",
    .severity = Severity::warning,
    .category = Category::control_plane,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A container runtime is past its end of life, or too old for the next Kubernetes",
    .why =
        "Escapes from containers are found several times a year; a runtime without fixes keeps "
        "them open on every GPU node. And an upgrade of Kubernetes stops at a runtime that it "
        "no longer supports.",
    .fix = "Upgrade the runtime node by node, to a branch with long-term support.",
    .reference = "https://containerd.io/releases/#current-state-of-containerd-releases",
    .needs = {Kind::node},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
