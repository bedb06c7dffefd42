#include <kai/output/report_json.hpp>

#include <kai/audit/grade.hpp>
#include <kai/audit/rule.hpp>
#include <kai/output/long_list.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::output {
namespace {

using model::Json;

Json location_to_json(const Location& location) {
  Json json = {{"file", location.file}};
  if (location.line > 0) json["line"] = location.line;
  if (location.column > 0) json["column"] = location.column;
  return json;
}

Json object_to_json(const model::ObjectRef& ref) {
  Json object = {{"apiVersion", ref.api_version}, {"kind", ref.kind}, {"name", ref.name}};
  if (!ref.ns.empty()) object["namespace"] = ref.ns;
  return object;
}

Json finding_to_json(const audit::Finding& finding) {
  Json json = {{"rule", finding.rule->id},
               {"severity", audit::to_string(finding.rule->severity)},
               {"object", object_to_json(finding.object)},
               {"path", finding.path.to_string()},
               {"observed", finding.observed},
               {"expected", finding.expected},
               {"message", finding.full_message()},
               {"fix", finding.fix},
               {"fingerprint", finding.fingerprint}};
  if (finding.patch) {
    const bool merge = finding.patch->type == audit::Patch::Type::merge;
    json["patch"] = {{"type", merge ? "merge" : "json"}, {"body", finding.patch->body}};
  }
  if (finding.location) json["location"] = location_to_json(*finding.location);
  return json;
}

Json coverage_to_json(const audit::Report& report) {
  const audit::Coverage& coverage = report.coverage;
  Json ran = Json::array();
  for (const audit::Rule* const rule : report.ran) ran.push_back(rule->id);
  Json not_checked = Json::array();
  for (const audit::NotChecked& entry : coverage.not_checked) {
    Json json = {{"kind", entry.kind}, {"reason", entry.reason}, {"rules", entry.rules}};
    if (entry.location) json["location"] = location_to_json(*entry.location);
    not_checked.push_back(std::move(json));
  }
  return {{"checked", coverage.checked},
          {"notChecked", std::move(not_checked)},
          {"rules", std::move(ran)}};
}

// What is not known is left out: a zero would be taken for one.
Json gpus_to_json(const audit::Report& report) {
  const audit::GpuSummary& gpus = report.summary.gpus;
  Json json = {{"total", gpus.total},
               {"allocatable", gpus.allocatable},
               {"lost", gpus.lost},
               {"unprotected", gpus.unprotected}};
  Json nodes = Json::array();
  for (const audit::GpuNode& node : report.gpu_nodes) {
    Json entry = {
        {"name", node.name}, {"state", node.state}, {"total", node.total}, {"lost", node.lost}};
    if (!node.product.empty()) entry["product"] = node.product;
    if (gpus.usage_known) {
      entry["used"] = node.used;
      entry["free"] = node.free;
      entry["stranded"] = node.stranded;
    }
    nodes.push_back(std::move(entry));
  }
  if (gpus.usage_known) {
    json["allocated"] = gpus.allocated;
    json["stranded"] = gpus.stranded;
  }
  json["nodes"] = std::move(nodes);
  return json;
}

Json summary_to_json(const audit::Report& report) {
  const audit::Summary& summary = report.summary;
  Json json = {{"error", summary.error},
               {"warning", summary.warning},
               {"info", summary.info},
               {"objects", report.objects},
               {"gpus", gpus_to_json(report)}};
  if (const auto grade = audit::grade(report)) {
    json["grade"] = {{"letter", std::string(1, grade->letter)},
                     {"atBest", grade->at_best},
                     {"reason", grade->reason}};
  }
  return json;
}

// What does not count: only where there are exceptions or a baseline.
void add_what_is_set_aside(const audit::Report& report, Json& json) {
  for (const audit::Excepted& excepted : report.excepted) {
    Json entry = finding_to_json(excepted.finding);
    entry["exception"] = {
        {"reason", excepted.reason}, {"until", excepted.until}, {"given", excepted.given}};
    json["excepted"].push_back(std::move(entry));
  }
  for (const audit::ExceptionNote& note : report.exception_notes) {
    json["exceptionNotes"].push_back({{"state", audit::to_string(note.state)},
                                      {"rule", note.rule},
                                      {"scope", note.scope},
                                      {"given", note.given},
                                      {"message", note.message}});
  }
  if (!report.baseline) return;
  Json known = Json::array();
  for (const audit::Finding& finding : report.baseline->known) {
    known.push_back(finding_to_json(finding));
  }
  Json gone = Json::array();
  for (const audit::KnownFinding& finding : report.baseline->gone) {
    gone.push_back(known_finding_to_json(finding));
  }
  json["baseline"] = {
      {"file", report.baseline->file}, {"known", std::move(known)}, {"gone", std::move(gone)}};
}

Json without_findings(const audit::Report& report) {
  Json json = {{"apiVersion", "kubectl-ai/v1alpha1"},
               {"kind", "AuditReport"},
               {"findings", Json::array()},
               {"coverage", coverage_to_json(report)},
               {"summary", summary_to_json(report)}};
  add_what_is_set_aside(report, json);
  return json;
}

}  // namespace

model::Json known_finding_to_json(const audit::KnownFinding& finding) {
  return {{"fingerprint", finding.fingerprint},
          {"rule", finding.rule},
          {"severity", finding.severity},
          {"object", object_to_json(finding.object)},
          {"message", finding.message}};
}

void write_report(const audit::Report& report, DocumentFormat format, std::ostream& out) {
  LongList findings(format, without_findings(report), "findings", 1, out);
  for (const audit::Finding& finding : report.findings) findings.add(finding_to_json(finding));
  findings.finish();
}

}  // namespace kai::output
