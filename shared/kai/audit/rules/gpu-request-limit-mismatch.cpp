// GPUs are extended resources: they cannot be overcommitted, so the API server refuses a
// pod whose request differs from its limit, or that has no limit.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/gpu.hpp>

namespace kai::audit {
namespace {

const Amount* find(const Amounts& amounts, Text resource) {
  for (const Amount& amount : amounts) {
    if (amount.resource == resource) return &amount;
  }
  return nullptr;
}

void check(const Facts& facts, Findings& findings) {
  facts.each_subject([&](const Subject& subject) {
    for (const Container& container : subject.spec->containers) {
      for (const Amount& request : container.requests) {
        if (!model::is_gpu_resource(request.resource)) continue;
        const Amount* const limit = find(container.limits, request.resource);
        if (limit != nullptr && limit->quantity == request.quantity) continue;
        const std::string name = request.resource.str();
        Finding finding;
        finding.object = subject.ref;
        finding.origin = subject.origin;
        finding.path = subject.container_path(container) / "resources" / "requests" / name;
        finding.observed = "requests " + request.quantity.to_string() + ", limits " +
                           (limit == nullptr ? "none" : limit->quantity.to_string());
        finding.expected = "limits " + request.quantity.to_string();
        finding.message = "container " + container.name.str() + " requests " +
                          request.quantity.to_string() + " " + name +
                          (limit == nullptr ? " without a limit"
                                            : " with a limit of " + limit->quantity.to_string());
        finding.fix = "Set resources.limits[" + name +
                      "] to the number of GPUs that is meant and "
                      "leave the request out: it follows the limit";
        finding.subject = container.name.str() + "/" + name;
        if (limit == nullptr) {
          const FieldPath limits = subject.container_path(container) / "resources" / "limits";
          model::Json steps = model::Json::array();
          if (container.limits.empty()) {
            steps.push_back(
                {{"op", "add"}, {"path", limits.pointer()}, {"value", model::Json::object()}});
          }
          steps.push_back({{"op", "add"},
                           {"path", (limits / name).pointer()},
                           {"value", request.quantity.to_string()}});
          finding.patch = Patch{Patch::Type::json, std::move(steps)};
        }
        findings.add(std::move(finding));
      }
    }
  });
}

}  // namespace

extern const Rule k_gpu_request_limit_mismatch;
constinit const Rule k_gpu_request_limit_mismatch = {
    .id = "gpu-request-limit-mismatch",
    .severity = Severity::error,
    .category = Category::gpu_workloads,
    .where = Where::files,
    .about = About::namespaced,
    .title = "A GPU request differs from its limit",
    .why =
        "GPUs cannot be overcommitted: the API server rejects such a pod, and a Deployment or "
        "Job that makes it never gets one.",
    .fix = "State GPUs under resources.limits only; the request follows the limit.",
    .reference =
        "https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/"
        "#using-device-plugins",
    .needs = {},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
