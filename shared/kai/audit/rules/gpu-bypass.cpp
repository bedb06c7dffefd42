// Containers that take GPUs without asking the scheduler for them.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

// Any resource of a GPU sharing system counts: its own plugin sets what is visible.
bool asks_for_gpu(const Container& container) {
  const auto is_gpu = [](const Amount& amount) {
    const std::string_view name = amount.resource;
    return !amount.quantity.is_zero() &&
           (model::is_gpu_resource(name) || name.find("gpu") != std::string_view::npos ||
            name.find("vcuda") != std::string_view::npos);
  };
  return container.has_claims ||
         std::any_of(container.limits.begin(), container.limits.end(), is_gpu) ||
         std::any_of(container.requests.begin(), container.requests.end(), is_gpu);
}

// "none" gives no device, "void" leaves the container alone, and empty is as if unset.
bool shows_devices(std::string_view value) {
  return !value.empty() && value != "none" && value != "void";
}

void check(const Facts& facts, Findings& findings) {
  const WellKnown& known = WellKnown::get();
  facts.each_subject([&](const Subject& subject) {
    if (subject.finished || known.is_system_namespace(subject.ref.ns)) return;
    for (const Container& container : subject.spec->containers) {
      if (asks_for_gpu(container) || known.is_gpu_infrastructure(container.image)) continue;
      Finding finding;
      finding.object = subject.ref;
      finding.origin = subject.origin;
      finding.subject = container.name.str();
      finding.expected = "a GPU limit";
      const FieldPath path = subject.container_path(container);
      if (container.visible_devices && shows_devices(*container.visible_devices)) {
        finding.path = path / "env" / std::size_t{container.visible_devices_index};
        finding.observed = "NVIDIA_VISIBLE_DEVICES=" + container.visible_devices->str();
        finding.message = "container " + container.name.str() + " sees " +
                          (*container.visible_devices == std::string_view("all")
                               ? std::string("every GPU of its node")
                               : "GPU " + container.visible_devices->str()) +
                          " and has asked for none";
      } else if (!container.visible_devices && container.privileged &&
                 known.is_cuda_image(container.image)) {
        finding.path = path / "securityContext" / "privileged";
        finding.observed = "privileged, image " + container.image.str();
        finding.message = "container " + container.name.str() +
                          " runs a CUDA image privileged, which shows it every GPU of its node";
      } else {
        continue;
      }
      findings.add(std::move(finding));
    }
  });
}

}  // namespace

extern const Rule k_gpu_bypass;
constinit const Rule k_gpu_bypass = {
    .id = "gpu-bypass",
    .severity = Severity::error,
    .category = Category::gpu_workloads,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A container uses GPUs without asking for them",
    .why =
        "The container runtime shows it GPUs that the scheduler has given to somebody else. "
        "Quotas do not see it, and two jobs on one GPU run out of memory.",
    .fix =
        "Ask for GPUs with resources.limits[nvidia.com/gpu] and remove NVIDIA_VISIBLE_DEVICES: "
        "the device plugin sets it. Setting accept-nvidia-visible-devices-envvar-when-"
        "unprivileged = false in the container toolkit closes the way for all pods.",
    .reference =
        "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/"
        "docker-specialized.html",
    .needs = {},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
