#include <kai/audit/facts/pod_levels.hpp>

#include <kai/audit/security_table.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>

namespace kai::audit {

std::string_view pod_security_level(const Facts& facts, std::string_view ns,
                                    std::string_view mode) {
  const Namespace* const found = facts.find_namespace(ns);
  if (found == nullptr) return {};
  const std::string key = "pod-security.kubernetes.io/" + std::string(mode);
  return found->head.labels->get(key).value_or(std::string_view());
}

bool is_infrastructure_namespace(std::string_view ns) {
  return WellKnown::get().is_system_namespace(ns) ||
         SecurityTable::get().is_infrastructure_namespace(ns);
}

bool is_host_infrastructure(const PodTemplate& spec) {
  return std::any_of(spec.containers.begin(), spec.containers.end(), [](const Container& found) {
    return SecurityTable::get().is_host_image(found.image) ||
           WellKnown::get().is_gpu_infrastructure(found.image);
  });
}

FieldPath path_of(const PodBreach& breach, const Subject& subject) {
  return subject.spec_path.parent() / FieldPath::from_pointer(breach.path);
}

std::vector<std::string> describe_breaches(const std::vector<PodBreach>& breaches,
                                           const Subject& subject) {
  std::vector<std::string> lines;
  for (const PodBreach& breach : breaches) {
    std::string line = std::string(to_string(breach.control)) + ": " +
                       path_of(breach, subject).to_string() + " is " +
                       (breach.value.empty() ? "\"\"" : breach.value.str());
    if (breach.count > 1) line += " (and " + std::to_string(breach.count - 1) + " more)";
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace kai::audit
