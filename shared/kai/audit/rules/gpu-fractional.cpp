// GPUs are handed out whole: the API server refuses any other amount.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/model/gpu.hpp>

#include <set>

namespace kai::audit {
namespace {

// What the amounts are to be: whole, and so at least what was asked for.
void add_fix(const Amounts& amounts, std::string_view resource, const FieldPath& path,
             model::Json& steps) {
  for (const Amount& amount : amounts) {
    if (amount.resource != resource || amount.quantity.is_whole()) continue;
    steps.push_back({{"op", "replace"},
                     {"path", (path / resource).pointer()},
                     {"value", std::to_string(amount.quantity.value())}});
  }
}

void check(const Facts& facts, Findings& findings) {
  facts.each_subject([&](const Subject& subject) {
    for (const Container& container : subject.spec->containers) {
      const FieldPath resources = subject.container_path(container) / "resources";
      std::set<std::string_view> told;
      const auto judge = [&](const Amounts& amounts, std::string_view member) {
        for (const Amount& amount : amounts) {
          if (!model::is_gpu_resource(amount.resource) || amount.quantity.is_whole()) continue;
          if (!told.emplace(amount.resource).second) continue;
          const std::string name = amount.resource.str();
          Finding finding;
          finding.object = subject.ref;
          finding.origin = subject.origin;
          finding.path = resources / member / name;
          finding.subject = container.name.str() + "/" + name;
          finding.observed = amount.quantity.to_string();
          finding.expected = "a whole number";
          finding.message = "container " + container.name.str() + " asks for " +
                            amount.quantity.to_string() + " " + name + ", which is no whole number";
          model::Json steps = model::Json::array();
          add_fix(container.requests, name, resources / "requests", steps);
          add_fix(container.limits, name, resources / "limits", steps);
          finding.patch = Patch{Patch::Type::json, std::move(steps)};
          findings.add(std::move(finding));
        }
      };
      judge(container.limits, "limits");
      judge(container.requests, "requests");
    }
  });
}

}  // namespace

extern const Rule k_gpu_fractional;
constinit const Rule k_gpu_fractional = {
    .id = "gpu-fractional",
    .severity = Severity::error,
    .category = Category::gpu_workloads,
    .where = Where::files,
    .about = About::namespaced,
    .title = "A container asks for a fraction of a GPU",
    .why =
        "The API server takes whole numbers only for extended resources and rejects the pod; a "
        "Deployment or Job that makes it never gets one.",
    .fix =
        "Ask for whole GPUs. To share one, let the device plugin advertise MIG instances or time "
        "slices and ask for one of these.",
    .reference =
        "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"
        "#consuming-extended-resources",
    .needs = {},
    .reads = k_workload_kinds,
    .check = &check,
};

}  // namespace kai::audit
