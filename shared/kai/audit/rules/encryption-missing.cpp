// API servers that write Secrets to etcd as they are.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  for (const ControlPlanePod& pod : facts.control_plane) {
    // Others than the cluster's own are test servers and virtual clusters.
    if (pod.program != "kube-apiserver" || !pod.is_static) continue;
    const ControlPlanePod::Flag* const flag = pod.flag("encryption-provider-config");
    if (flag != nullptr) continue;
    Finding finding;
    finding.object = pod.head.ref();
    finding.origin = pod.head.origin;
    finding.path = FieldPath() / "spec" / "containers";
    finding.subject = "encryption-provider-config";
    finding.observed = "no --encryption-provider-config";
    finding.expected = "--encryption-provider-config=FILE";
    finding.message = "has no --encryption-provider-config: Secrets lie in etcd as they are";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_encryption_missing;
constinit const Rule k_encryption_missing = {
    .id = "encryption-missing",
    .severity = Severity::warning,
    .category = Category::control_plane,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "Secrets are not encrypted in etcd",
    .why =
        "Whoever gets hold of an etcd snapshot, a disk or a backup of a control-plane node has "
        "every password and token of the cluster.",
    .fix =
        "Write an EncryptionConfiguration with a KMS or secretbox provider before identity, "
        "give it to every kube-apiserver with --encryption-provider-config, then write all "
        "Secrets again: kubectl get secrets -A -o json | kubectl replace -f -",
    .reference = "https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/",
    .needs = {Kind::pod},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
