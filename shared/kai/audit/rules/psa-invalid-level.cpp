// Pod Security labels that say nothing Kubernetes understands.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

constexpr std::string_view k_prefix = "pod-security.kubernetes.io/";
constexpr std::array<std::string_view, 3> k_modes = {"enforce", "audit", "warn"};
constexpr std::array<std::string_view, 3> k_levels = {"privileged", "baseline", "restricted"};

// "latest" or "v1.N", without leading zeros.
bool is_version(std::string_view text) {
  if (text == "latest") return true;
  if (!text.starts_with("v1.")) return false;
  text.remove_prefix(3);
  return !text.empty() && (text == "0" || text.front() != '0') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The level that is meant, where that can be told: "Restricted", "restrict", "baselin".
std::string_view nearest_level(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const std::string_view level : k_levels) {
    constexpr std::size_t k_telling = 4;
    if (lower.substr(0, k_telling) == level.substr(0, k_telling)) return level;
  }
  return {};
}

void check(const Facts& facts, Findings& findings) {
  for (const Namespace& found : facts.namespaces) {
    for (const std::string_view mode : k_modes) {
      for (const bool version : {false, true}) {
        const std::string key =
            std::string(k_prefix) + std::string(mode) + (version ? "-version" : "");
        const auto value = found.head.labels->get(key);
        if (!value) continue;
        const bool known =
            version ? is_version(*value)
                    : std::find(k_levels.begin(), k_levels.end(), *value) != k_levels.end();
        if (known) continue;
        Finding finding;
        finding.object = found.head.ref();
        finding.origin = found.head.origin;
        finding.path = FieldPath() / "metadata" / "labels" / std::string_view(key);
        finding.observed = *value;
        finding.expected = version ? "latest or v1.N" : "privileged, baseline or restricted";
        finding.message = key + ": " + (value->empty() ? "\"\"" : std::string(*value)) +
                          (version ? " is no version of the Pod Security Standards"
                                   : " is no Pod Security level");
        finding.fix = "Write " + key + ": " + finding.expected;
        const std::string_view meant = version ? "latest" : nearest_level(*value);
        if (!meant.empty()) {
          finding.patch =
              Patch{Patch::Type::merge, {{"metadata", {{"labels", {{key, std::string(meant)}}}}}}};
        }
        findings.add(std::move(finding));
      }
    }
  }
}

}  // namespace

extern const Rule k_psa_invalid_level;
constinit const Rule k_psa_invalid_level = {
    .id = "psa-invalid-level",
    .severity = Severity::error,
    .category = Category::security,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A Pod Security label has a value that does not exist",
    .why =
        "Kubernetes refuses the label. Where it is there already, an enforce label enforces "
        "restricted instead, and audit and warn say nothing at all.",
    .fix =
        "Use privileged, baseline or restricted as a level, and latest or v1.N (v1.34) as its "
        "version.",
    .reference =
        "https://kubernetes.io/docs/concepts/security/pod-security-admission/"
        "#pod-security-admission-labels-for-namespaces",
    .needs = {Kind::name_space},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
