// Kubelets that are too old or too new for their API server.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <optional>

namespace kai::audit {
namespace {

struct Servers {
  KubeVersion oldest;
  KubeVersion newest;
};

// While an upgrade is under way there are two versions of it.
std::optional<Servers> servers(const Facts& facts) {
  std::vector<KubeVersion> versions;
  if (facts.server.known()) versions.push_back(facts.server);
  for (const ControlPlanePod& pod : facts.control_plane) {
    if (pod.program != "kube-apiserver" || !pod.is_static) continue;
    const std::string_view image = std::string_view(pod.image).substr(0, pod.image.find('@'));
    const std::string_view repository = image_repository(image);
    if (repository.size() == image.size()) continue;
    const KubeVersion version = KubeVersion::parse(image.substr(repository.size() + 1));
    if (version.known()) versions.push_back(version);
  }
  if (versions.empty()) return std::nullopt;
  const auto [oldest, newest] = std::minmax_element(versions.begin(), versions.end());
  return Servers{*oldest, *newest};
}

void check(const Facts& facts, Findings& findings) {
  const auto server = servers(facts);
  if (!server) return;
  for (const Node& node : facts.nodes) {
    const KubeVersion kubelet = KubeVersion::parse(node.kubelet_version);
    if (!kubelet.known() || kubelet.major != server->newest.major) continue;
    // Kubelets before 1.25 may be two minors behind, the others three.
    const int allowed = kubelet.minor < 25 ? 2 : 3;
    const int behind = server->newest.minor - kubelet.minor;
    const bool ahead = kubelet > server->oldest;
    if (!ahead && behind <= allowed) continue;
    const std::string against = (ahead ? server->oldest : server->newest).to_string();
    Finding finding;
    finding.object = node.head.ref();
    finding.origin = node.head.origin;
    finding.path = FieldPath() / "status" / "nodeInfo" / "kubeletVersion";
    finding.observed = node.kubelet_version.str();
    finding.expected = ahead ? against + " or older"
                             : std::to_string(server->newest.major) + "." +
                                   std::to_string(server->newest.minor - allowed) + " to " +
                                   server->oldest.to_string();
    finding.message =
        "kubelet " + node.kubelet_version.str() +
        (ahead ? " is newer than the API server's " + against
               : " is " + std::to_string(behind) + " minors behind the API server's " + against +
                     "; " + std::to_string(allowed) + " are supported");
    finding.fix = ahead ? "Upgrade the control plane to " + kubelet.to_string() + " first"
                        : "kubectl drain " + node.name().str() +
                              ", upgrade its kubelet one minor at a time, kubectl uncordon";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_version_skew;
constinit const Rule k_version_skew = {
    .id = "version-skew",
    .severity = Severity::error,
    .category = Category::control_plane,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A kubelet's version does not go with the API server's",
    .why =
        "Kubernetes neither tests nor supports such a pair: pods lose fields that one side does "
        "not know, and the next upgrade can take the node away.",
    .fix =
        "Upgrade the control plane before the nodes, and no node more than three minors behind "
        "it.",
    .reference = "https://kubernetes.io/releases/version-skew-policy/#kubelet",
    .needs = {Kind::node},
    .reads = {Kind::pod},
    .check = &check,
};

}  // namespace kai::audit
