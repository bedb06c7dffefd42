// Alerts that can never fire, because their metric does not exist.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <set>

namespace kai::audit {
namespace {

const MetricFamily* family_of(const MetricTable& table, std::string_view metric) {
  for (const MetricFamily& family : table.families()) {
    if (metric.starts_with(family.prefix)) return &family;
  }
  return nullptr;
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
      const MetricFamily* const family = family_of(table, use.metric);
      const bool unknown =
          advice != nullptr ||
          (family != nullptr &&
           !std::binary_search(family->names.begin(), family->names.end(), use.metric));
      if (!unknown) continue;
      Finding finding;
      finding.object = rules.head.ref();
      finding.origin = rules.head.origin;
      finding.path = use.path;
      finding.subject = use.rule + "/" + use.metric;
      finding.observed = use.metric;
      finding.expected = advice == nullptr ? "a metric that an exporter has" : advice->instead;
      finding.message = "rule " + use.rule + " looks at " + use.metric + ", which no exporter has";
      if (advice != nullptr) {
        finding.fix = "Write " + advice->instead + " (DCGM exporter) instead of " + use.metric;
      }
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
