// Alerts that can never fire, because their metric does not exist.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/names.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <string>

namespace kai::audit {
namespace {

// What a name of a known family is meant to be. One that resembles none of them may be an
// exporter's that nobody here has heard of.
std::optional<std::string> misspelled(const MetricTable& table, std::string_view metric) {
  for (const MetricFamily& family : table.families()) {
    if (!metric.starts_with(family.prefix)) continue;
    if (std::binary_search(family.names.begin(), family.names.end(), metric)) return std::nullopt;
    return model::nearest_name(metric, family.names);
  }
  return std::nullopt;
}

void check(const Facts& facts, Findings& findings) {
  if (facts.metric_rules.empty()) return;
  const MetricTable& table = MetricTable::get();
  std::set<std::string_view> recorded;  // by rules, anywhere: those exist
  for (const MetricRules& rules : facts.metric_rules) {
    recorded.insert(rules.recorded.begin(), rules.recorded.end());
  }
  for (const MetricRules& rules : facts.metric_rules) {
    for (const MetricRules::Use& use : rules.uses) {
      if (recorded.contains(use.metric)) continue;
      const MetricAdvice* const advice = table.advice(use.metric);
      const auto instead =
          advice == nullptr ? misspelled(table, use.metric) : std::optional(advice->instead);
      if (!instead) continue;
      Finding finding;
      finding.object = rules.head.ref();
      finding.origin = rules.head.origin;
      finding.path = use.path;
      finding.subject = use.rule + "/" + use.metric;
      finding.observed = use.metric;
      finding.expected = *instead;
      finding.message = "rule " + use.rule + " looks at " + use.metric + ", which no exporter has";
      finding.fix = "Write " + *instead + (advice == nullptr ? "" : " (DCGM exporter)") +
                    " instead of " + use.metric;
      findings.add(std::move(finding));
    }
  }
}

}  // namespace

extern const Rule k_monitoring_unknown_gpu_metric;
constinit const Rule k_monitoring_unknown_gpu_metric = {
    .id = "monitoring-unknown-gpu-metric",
    .severity = Severity::error,
    .category = Category::monitoring,
    .where = Where::both,
    .about = About::namespaced,
    .title = "A Prometheus rule looks at a GPU metric that does not exist",
    .why =
        "An expression over a metric that nobody exposes is empty: the alert never fires, and "
        "the dashboard stays blank, while everything looks healthy.",
    .fix = "Use the DCGM exporter's metrics, such as DCGM_FI_DEV_GPU_UTIL.",
    .reference = "https://github.com/NVIDIA/dcgm-exporter/blob/main/etc/default-counters.csv",
    .needs = {},
    .reads = {Kind::prometheus_rule},
    .check = &check,
};

}  // namespace kai::audit
