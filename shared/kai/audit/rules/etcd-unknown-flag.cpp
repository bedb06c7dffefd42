// etcd members that will not start again.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/names.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

// "registry.k8s.io/etcd:3.5.21-0" → 3.5; unknown without a tag.
KubeVersion version_of(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::string_view repository = image_repository(image);
  return repository.size() < image.size() ? KubeVersion::parse(image.substr(repository.size() + 1))
                                          : KubeVersion();
}

bool has(const std::vector<std::string>& sorted, std::string_view name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

void check(const Facts& facts, Findings& findings) {
  const FlagTable* table = nullptr;
  for (const ControlPlanePod& pod : facts.control_plane) {
    if (pod.program != "etcd") continue;
    if (table == nullptr) table = &FlagTable::get();
    const KubeVersion version = version_of(pod.image);
    if (version.known() && version > table->newest_etcd()) continue;
    for (const ControlPlanePod::Flag& flag : pod.flags) {
      if (has(table->etcd(), flag.name)) continue;
      Finding finding;
      finding.object = pod.head.ref();
      finding.origin = pod.head.origin;
      finding.path = flag.path;
      finding.subject = flag.name;
      finding.observed = "--" + flag.name;
      finding.expected = "a flag of etcd";
      finding.message = "etcd has no flag --" + flag.name;
      if (has(table->apiserver_only(), flag.name)) {
        finding.message += ": it belongs to kube-apiserver";
        finding.fix = "Remove it from etcd's manifest and set it in kube-apiserver.yaml";
      } else if (const auto nearest = model::nearest_name(flag.name, table->etcd())) {
        finding.fix = "Remove the flag, or write --" + *nearest + " if that is meant";
      }
      if (flag.name.starts_with("encrypt")) {
        finding.fix =
            "Remove it: etcd cannot encrypt what it stores. Encryption at rest is "
            "kube-apiserver's, with --encryption-provider-config";
      }
      findings.add(std::move(finding));
    }
  }
}

}  // namespace

extern const Rule k_etcd_unknown_flag;
constinit const Rule k_etcd_unknown_flag = {
    .id = "etcd-unknown-flag",
    .severity = Severity::error,
    .category = Category::control_plane,
    .where = Where::both,
    .about = About::namespaced,
    .title = "etcd is given a flag that it does not have",
    .why =
        "etcd exits at once on an unknown flag. On the next restart of this member it stays "
        "down, and with the majority the API server.",
    .fix = "Remove the flag from /etc/kubernetes/manifests/etcd.yaml.",
    .reference = "https://etcd.io/docs/latest/op-guide/configuration/",
    .needs = {},
    .reads = {Kind::pod},
    .check = &check,
};

}  // namespace kai::audit
