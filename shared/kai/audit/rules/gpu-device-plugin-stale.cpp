// Device plugins of years ago.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <string>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  facts.each_subject([&](const Subject& subject) {
    if (subject.finished) return;
    for (const Container& container : subject.spec->containers) {
      const GpuStack::Stale* const row = GpuStack::get().stale(container.image);
      if (row == nullptr) continue;
      Finding finding;
      finding.object = subject.ref;
      finding.origin = subject.origin;
      finding.path = subject.container_path(container) / "image";
      finding.subject = container.name.str();
      finding.observed = container.image.str();
      finding.expected = "v" + row->oldest + " or newer";
      finding.message = "container " + container.name.str() + " runs " + row->image + " " +
                        std::string(image_tag(container.image)) +
                        "; the oldest that is still fine is v" + row->oldest + ", the newest v" +
                        row->current;
      findings.add(std::move(finding));
      return;  // its other containers are of the same release
    }
  });
}

}  // namespace

extern const Rule k_gpu_device_plugin_stale;
constinit const Rule k_gpu_device_plugin_stale = {
    .id = "gpu-device-plugin-stale",
    .severity = Severity::warning,
    .category = Category::gpu_nodes,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A device plugin is older than what is still looked after",
    .why =
        "Old device plugins miss GPUs of newer generations, health checks and fixes of "
        "time-slicing and MIG, and nobody repairs them. Copied guides often carry v0.12.",
    .fix =
        "Update the image to a current release and read the changelog between; kubectl ai gpu "
        "setup installs one.",
    .reference = "https://github.com/NVIDIA/k8s-device-plugin/releases",
    .needs = {},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
