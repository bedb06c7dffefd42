// Images that are another one tomorrow.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

namespace kai::audit {
namespace {

// "latest", a tag that says nothing, or none; empty when the image is pinned.
std::string_view floating_tag(std::string_view image) {
  // Left open on purpose: Istio fills in "auto", and envsubst what has a dollar sign.
  if (image.empty() || image == "auto" || image.find('$') != std::string_view::npos) return {};
  if (image.find('@') != std::string_view::npos) return {};
  const std::string_view repository = image_repository(image);
  if (repository.size() == image.size()) return "no tag";
  return image.substr(repository.size() + 1) == "latest" ? "the tag latest" : std::string_view();
}

void check(const Facts& facts, Findings& findings) {
  facts.each_subject([&](const Subject& subject) {
    if (subject.finished || !subject.spec->wants_gpu() ||
        WellKnown::get().is_system_namespace(subject.ref.ns)) {
      return;
    }
    for (const Container& container : subject.spec->containers) {
      const std::string_view tag = floating_tag(container.image);
      if (tag.empty()) continue;
      Finding finding;
      finding.object = subject.ref;
      finding.origin = subject.origin;
      finding.path = subject.container_path(container) / "image";
      finding.subject = container.name.str();
      finding.observed = container.image.str();
      finding.expected = "a version tag or a digest";
      finding.message = "container " + container.name.str() + " runs " + container.image.str() +
                        ", which has " + std::string(tag);
      findings.add(std::move(finding));
    }
  });
}

}  // namespace

extern const Rule k_gpu_image_floating;
constinit const Rule k_gpu_image_floating = {
    .id = "gpu-image-floating",
    .severity = Severity::warning,
    .category = Category::gpu_workloads,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A GPU workload runs whatever image is newest",
    .why =
        "After a restart the pod may run another CUDA, framework or model server than before: "
        "results change, or the image no longer fits the node's driver. GPU images are large, and "
        "each change is pulled anew while the GPU waits.",
    .fix = "Name a version (image:1.4.2), or better a digest (image@sha256:…).",
    .reference = "https://kubernetes.io/docs/concepts/containers/images/#image-names",
    .needs = {},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
