#include <kai/audit/rule.hpp>
#include <kai/output/aside_list.hpp>
#include <kai/output/long_list.hpp>
#include <kai/output/report_sarif.hpp>

#include <map>
#include <utility>

namespace kai::output {
namespace {

using audit::Severity;
using model::Json;

// They are members of a run, and runs are a list in the document.
constexpr int k_depth_of_results = 3;

std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::info: return "note";
  }
  return "none";
}

// What a result's text holds is neither a link nor a placeholder: sections 3.11.5 and
// 3.11.6 of the standard say how that is written.
std::string literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == '\\') out += '\\';
    if (c == '{' || c == '}') out += c;
    out += c;
  }
  return out;
}

// A path as a URI reference (RFC 3986): relative ones stay relative.
std::string uri_of(std::string_view path) {
  static constexpr std::string_view k_plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  static constexpr std::string_view k_digits = "0123456789ABCDEF";
  while (path.starts_with("./")) path.remove_prefix(2);
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    if (k_plain.find(c) != std::string_view::npos) {
      uri += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      uri += '%';
      uri += k_digits[byte >> 4U];
      uri += k_digits[byte & 0xFU];
    }
  }
  return uri;
}

// Nothing for standard input, which has no address.
Json physical_location(const Location& location) {
  if (location.file.empty() || location.file.starts_with('<')) return nullptr;
  Json physical = {{"artifactLocation", {{"uri", uri_of(location.file)}}}};
  if (location.line > 0) {
    Json region = {{"startLine", location.line}};
    if (location.column > 0) region["startColumn"] = location.column;
    physical["region"] = std::move(region);
  }
  return physical;
}

Json location_of(const audit::Finding& finding) {
  Json logical = {{"name", finding.object.name},
                  {"kind", "resource"},
                  {"fullyQualifiedName", finding.object.to_string()}};
  Json location = {{"logicalLocations", Json::array({std::move(logical)})}};
  if (finding.location) {
    Json physical = physical_location(*finding.location);
    if (!physical.is_null()) location["physicalLocation"] = std::move(physical);
  }
  return location;
}

Json rule_of(const audit::Rule& rule) {
  const std::string help = std::string(rule.why) + "\n\n" + std::string(rule.fix);
  return {{"id", rule.id},
          {"shortDescription", {{"text", rule.title}}},
          {"fullDescription", {{"text", rule.why}}},
          {"help",
           {{"text", help},
            {"markdown", std::string(rule.why) + "\n\n**Fix**: " + std::string(rule.fix) +
                             "\n\n[Reference](" + std::string(rule.reference) + ")"}}},
          {"helpUri", rule.reference},
          {"defaultConfiguration", {{"level", level_of(rule.severity)}}},
          {"properties", {{"tags", Json::array({audit::to_string(rule.category)})}}}};
}

Json result_of(const audit::Finding& finding, int rule_index) {
  Json properties = {{"object",
                      {{"apiVersion", finding.object.api_version},
                       {"kind", finding.object.kind},
                       {"namespace", finding.object.ns},
                       {"name", finding.object.name}}},
                     {"path", finding.path.to_string()},
                     {"observed", finding.observed},
                     {"expected", finding.expected},
                     {"fix", finding.fix}};
  if (finding.patch) properties["patch"] = finding.patch->body;
  return {
      {"ruleId", finding.rule->id},
      {"ruleIndex", rule_index},
      {"level", level_of(finding.rule->severity)},
      {"message", {{"text", literal(finding.object.to_string() + ": " + finding.full_message())}}},
      {"locations", Json::array({location_of(finding)})},
      {"partialFingerprints", {{"kubectlAiAudit/v1", finding.fingerprint}}},
      {"properties", std::move(properties)}};
}

// Section 3.35 of the standard: shown by what reads it, and not counted.
Json suppression_of(const Aside& why) {
  return {{"kind", why.in_source ? "inSource" : "external"},
          {"status", "accepted"},
          {"justification", why.reason},
          {"properties", {{"given", why.given}}}};
}

Json notification_of(const audit::NotChecked& gap) {
  Json notification = {
      {"level", "error"},
      {"message", {{"text", literal(gap.kind + " was not checked: " + gap.reason)}}}};
  if (gap.location) {
    Json physical = physical_location(*gap.location);
    if (!physical.is_null()) {
      notification["locations"] = Json::array({{{"physicalLocation", std::move(physical)}}});
    }
  }
  if (!gap.rules.empty()) notification["properties"] = {{"rules", gap.rules}};
  return notification;
}

// Every rule that ran: what is not among the results is known to be fine.
std::map<std::string_view, const audit::Rule*> rules_of(const audit::Report& report) {
  std::map<std::string_view, const audit::Rule*> rules;
  for (const audit::Rule* const rule : report.ran) rules.emplace(rule->id, rule);
  for (const audit::FindingSpan& findings : report.findings.by_rule()) {
    rules.emplace(findings.rule().id, &findings.rule());
  }
  each_aside(report, [&](const audit::Finding& finding, const Aside&) {
    rules.emplace(finding.rule->id, finding.rule);
  });
  return rules;
}

Json invocation_of(const audit::Report& report) {
  Json invocation = {{"executionSuccessful", report.coverage.complete()}};
  if (!report.coverage.complete()) {
    Json notifications = Json::array();
    for (const audit::NotChecked& gap : report.coverage.not_checked) {
      notifications.push_back(notification_of(gap));
    }
    invocation["toolExecutionNotifications"] = std::move(notifications);
  }
  return invocation;
}

}  // namespace

void write_sarif(const audit::Report& report, std::string_view version, std::ostream& out) {
  Json rules = Json::array();
  std::map<std::string_view, int> indexes;
  for (const auto& [id, rule] : rules_of(report)) {
    indexes.emplace(id, static_cast<int>(rules.size()));
    rules.push_back(rule_of(*rule));
  }
  Json driver = {{"name", "kubectl-ai-audit"}, {"version", version}, {"rules", std::move(rules)}};
  Json run = {{"tool", {{"driver", std::move(driver)}}},
              {"invocations", Json::array({invocation_of(report)})},
              {"columnKind", "unicodeCodePoints"},
              {"results", Json::array()}};
  LongList results(DocumentFormat::json,
                   {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                    {"version", "2.1.0"},
                    {"runs", Json::array({std::move(run)})}},
                   "results", k_depth_of_results, out);
  // Where one result says whether it is suppressed, all have to (section 3.27.23).
  const bool suppresses = count_aside(report) > 0;
  for (const audit::Finding& finding : report.findings) {
    Json result = result_of(finding, indexes.at(finding.rule->id));
    if (suppresses) result["suppressions"] = Json::array();
    results.add(result);
  }
  each_aside(report, [&](const audit::Finding& finding, const Aside& why) {
    Json result = result_of(finding, indexes.at(finding.rule->id));
    result["suppressions"] = Json::array({suppression_of(why)});
    results.add(result);
  });
  results.finish();
}

}  // namespace kai::output
