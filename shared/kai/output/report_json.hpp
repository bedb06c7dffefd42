// An audit's report as JSON and YAML: apiVersion kubectl-ai/v1alpha1, kind AuditReport.
#pragma once

#include <kai/audit/finding.hpp>
#include <kai/model/json.hpp>

namespace kai::output {

// As audit-report.schema.json, beside this file, says; strings are as the cluster or the files
// gave them.
model::Json report_to_json(const audit::Report& report);
// A finding as a baseline and a difference have it.
model::Json known_finding_to_json(const audit::KnownFinding& finding);

}  // namespace kai::output
