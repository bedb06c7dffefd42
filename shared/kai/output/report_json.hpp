// An audit's report as JSON and YAML: apiVersion kubectl-ai/v1alpha1, kind AuditReport.
#pragma once

#include <kai/audit/report.hpp>
#include <kai/model/json.hpp>
#include <kai/output/document.hpp>

#include <iosfwd>

namespace kai::output {

// As audit-report.schema.json, beside this file, says; finding by finding: as one value, tens
// of thousands of them would weigh more than all that was read to find them.
void write_report(const audit::Report& report, DocumentFormat format, std::ostream& out);
// A finding as a baseline and a difference have it.
model::Json known_finding_to_json(const audit::KnownFinding& finding);

}  // namespace kai::output
