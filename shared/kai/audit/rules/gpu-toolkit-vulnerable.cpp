// Container toolkits and GPU operators that let containers break out.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <string>
#include <vector>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  facts.each_subject([&](const Subject& subject) {
    if (subject.finished) return;
    for (const Container& container : subject.spec->containers) {
      const auto known = GpuStack::get().vulnerabilities(container.image);
      if (known.empty()) continue;
      // The newest of the fixes has them all.
      std::string fixed;
      std::vector<std::string> cves;
      for (const GpuStack::Vulnerability* const row : known) {
        cves.push_back(row->cve);
        if (fixed.empty() ||
            ImageVersion::parse(fixed).older_than(ImageVersion::parse(row->fixed))) {
          fixed = row->fixed;
        }
      }
      Finding finding;
      finding.object = subject.ref;
      finding.origin = subject.origin;
      finding.path = subject.container_path(container) / "image";
      finding.subject = container.name.str();
      finding.observed = container.image.str();
      finding.expected = "v" + fixed + " or newer";
      finding.message = known.front()->image + " " + std::string(image_tag(container.image)) +
                        " has " + list_names(cves, 6);
      finding.fix = "Upgrade " + known.front()->image + " to v" + fixed + " or newer";
      findings.add(std::move(finding));
      return;
    }
  });
}

}  // namespace

extern const Rule k_gpu_toolkit_vulnerable;
constinit const Rule k_gpu_toolkit_vulnerable = {
    .id = "gpu-toolkit-vulnerable",
    .severity = Severity::error,
    .category = Category::gpu_nodes,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A container toolkit has a known way out of the container",
    .why =
        "An image that a user brings can take over the node through the hooks that give containers "
        "their GPUs. Multi-tenant GPU clusters are what these holes were found for.",
    .fix =
        "Upgrade the container toolkit, with the GPU Operator by upgrading the operator. Toolkits "
        "that are packages of the host are not seen here: check them with nvidia-ctk --version.",
    .reference =
        "https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/security.html",
    .needs = {},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
