// ServiceMonitors that nobody reads.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/rule.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <optional>

namespace kai::audit {
namespace {

constexpr std::string_view k_name_label = "kubernetes.io/metadata.name";

bool other_reader(const Facts& facts) {
  const OtherTools& tools = OtherTools::get();
  return std::any_of(facts.templates.begin(), facts.templates.end(), [&](const PodTemplate& pod) {
    return std::any_of(
        pod.containers.begin(), pod.containers.end(),
        [&](const Container& container) { return tools.reads_service_monitors(container.image); });
  });
}

// nullopt: the labels of the monitor's namespace are not known.
std::optional<bool> looks_into(const Facts& facts, const Prometheus& prometheus,
                               std::string_view ns) {
  if (!prometheus.namespaces) return prometheus.head.ns == ns;
  if (prometheus.namespaces->empty()) return true;
  model::Labels labels{{std::string(k_name_label), std::string(ns)}};
  if (const Namespace* found = facts.find_namespace(ns)) {
    labels.merge(found->head.labels->to_map());
    return prometheus.namespaces->matches(labels);
  }
  const auto& wanted = prometheus.namespaces->requirements();
  const bool by_name = std::all_of(wanted.begin(), wanted.end(), [](const auto& requirement) {
    return requirement.key == k_name_label;
  });
  if (!by_name) return std::nullopt;
  return prometheus.namespaces->matches(labels);
}

struct Verdict {
  bool selected = false;  // or it may be
  std::string why;
};

Verdict judge(const Facts& facts, const Prometheus& prometheus, const ServiceMonitor& monitor) {
  const std::string name = prometheus.head.ns.str() + "/" + prometheus.head.name.str();
  const auto reached = looks_into(facts, prometheus, monitor.head.ns);
  if (!reached) return {true, ""};
  if (!*reached) return {false, name + " does not look into namespace " + monitor.head.ns.str()};
  if (!prometheus.monitors) return {false, name + " has no serviceMonitorSelector"};
  if (prometheus.monitors->matches(monitor.head.labels->to_map())) return {true, ""};
  return {false, name + " wants " + prometheus.monitors->to_string()};
}

void check(const Facts& facts, Findings& findings) {
  const Operations& operations = *facts.operations;
  if (operations.service_monitors.empty() || other_reader(facts)) return;
  // Of files that have no Prometheus nothing is known.
  if (operations.prometheuses.empty() && !facts.whole_cluster()) return;
  for (const ServiceMonitor& monitor : operations.service_monitors) {
    if (monitor.head.deleting) continue;
    Finding finding;
    bool selected = false;
    for (const Prometheus& prometheus : operations.prometheuses) {
      Verdict verdict = judge(facts, prometheus, monitor);
      selected = selected || verdict.selected;
      finding.details.push_back(std::move(verdict.why));
    }
    if (selected) continue;
    finding.object = monitor.head.ref();
    finding.origin = monitor.head.origin;
    finding.path = FieldPath() / "metadata" / "labels";
    finding.observed = "selected by none";
    finding.expected = "labels that a Prometheus selects";
    finding.message = operations.prometheuses.empty() ? "there is no Prometheus to read it"
                                                      : "no Prometheus selects it";
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_monitoring_servicemonitor_unselected;
constinit const Rule k_monitoring_servicemonitor_unselected = {
    .id = "monitoring-servicemonitor-unselected",
    .severity = Severity::error,
    .category = Category::monitoring,
    .where = Where::both,
    .about = About::cluster,
    .title = "No Prometheus selects a ServiceMonitor",
    .why =
        "What it points at is never scraped, and nothing says so: GPU dashboards stay empty and "
        "alerts silent.",
    .fix =
        "Give the ServiceMonitor the label that the Prometheus selects (kube-prometheus-stack: "
        "release: NAME), or open the Prometheus' serviceMonitorSelector and "
        "serviceMonitorNamespaceSelector.",
    .reference =
        "https://prometheus-operator.dev/docs/platform/troubleshooting/"
        "#troubleshooting-servicemonitor-changes",
    .needs = {Kind::service_monitor, Kind::prometheus, Kind::prometheus_agent, Kind::name_space},
    .reads = {Kind::pod},
    .check = &check,
};

}  // namespace kai::audit
