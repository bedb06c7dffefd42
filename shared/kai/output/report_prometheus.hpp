// An audit's report as metrics in Prometheus' text exposition format 0.0.4, for the node
// exporter's textfile collector or a push gateway. A pure function.
#pragma once

#include <kai/audit/report.hpp>

#include <string>

namespace kai::output {

// Gauges, all named kubectl_ai_audit_…. A rule that found nothing has a zero, one that did
// not run has no sample. Labels are rules, severities, namespaces, kinds and nodes: never
// an object's name, which would make a series for every pod.
std::string render_prometheus(const audit::Report& report);

}  // namespace kai::output
