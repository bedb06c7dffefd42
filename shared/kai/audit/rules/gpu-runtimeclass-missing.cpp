// Pods that name a RuntimeClass that is not there.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/names.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  const std::vector<std::string> known = [&] {
    std::vector<std::string> names;
    for (const Text name : facts.runtime_classes) names.push_back(name.str());
    return names;
  }();
  facts.each_subject([&](const Subject& subject) {
    const std::string& wanted = subject.spec->placement.runtime_class;
    if (wanted.empty() || subject.finished) return;
    if (std::find(known.begin(), known.end(), wanted) != known.end()) return;
    const std::optional<std::string> near = model::nearest_name(wanted, known);
    // Dumps often leave out kinds that are in no namespace: without a single one there is
    // nothing to go by. Files are a part of a cluster: only a slip of the pen shows there.
    const bool from_file = subject.origin.known();
    if (from_file && known.empty()) return;
    if (!facts.whole_cluster() && !near) return;
    Finding finding;
    finding.object = subject.ref;
    finding.origin = subject.origin;
    finding.path = subject.spec_path / "runtimeClassName";
    finding.subject = subject.spec_path.pointer();
    finding.observed = wanted;
    finding.expected = near ? *near : "a RuntimeClass that exists";
    finding.message = "names the RuntimeClass " + wanted + ", which does not exist";
    if (near) finding.message += "; there is " + *near;
    if (wanted == "nvidia") {
      finding.fix =
          "kubectl ai gpu setup creates the RuntimeClass nvidia; or remove "
          "runtimeClassName where nvidia is the default runtime";
    }
    findings.add(std::move(finding));
  });
}

}  // namespace

extern const Rule k_gpu_runtimeclass_missing;
constinit const Rule k_gpu_runtimeclass_missing = {
    .id = "gpu-runtimeclass-missing",
    .severity = Severity::error,
    .category = Category::gpu_nodes,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A pod names a RuntimeClass that does not exist",
    .why =
        "The API server rejects pods whose RuntimeClass is not there: their Deployment or Job "
        "never gets one. Pods that run already do not come back.",
    .fix = "Create the RuntimeClass, or correct runtimeClassName.",
    .reference = "https://kubernetes.io/docs/concepts/containers/runtime-class/",
    .needs = {Kind::runtime_class},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
