#include <kai/audit/baseline.hpp>

#include <kai/audit/rule.hpp>
#include <kai/model/field_checker.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace kai::audit {
namespace {

using model::Json;
using Fingerprints = std::unordered_set<std::string_view>;

constexpr model::Field k_object[] = {{"apiVersion"}, {"kind"}, {"namespace"}, {"name"}};
constexpr model::Field k_finding[] = {
    {"fingerprint"}, {"rule"}, {"severity"}, {"object", model::FieldType::fields, k_object},
    {"message"},
};
constexpr model::Field k_baseline[] = {
    {"apiVersion"},
    {"kind"},
    {"findings", model::FieldType::list, k_finding},
};

std::string text_of(const Json& json, std::initializer_list<std::string_view> path) {
  return std::string(model::string_at(json, path));
}

KnownFinding read_finding(const Json& json) {
  KnownFinding known;
  known.fingerprint = text_of(json, {"fingerprint"});
  known.rule = text_of(json, {"rule"});
  known.severity = text_of(json, {"severity"});
  known.object = {text_of(json, {"object", "apiVersion"}), text_of(json, {"object", "kind"}),
                  text_of(json, {"object", "namespace"}), text_of(json, {"object", "name"})};
  known.message = text_of(json, {"message"});
  return known;
}

// Each fingerprint once.
void append_findings(const Json& json, std::initializer_list<std::string_view> path,
                     std::vector<KnownFinding>& findings) {
  const Json* const list = model::find_path(json, path);
  if (list == nullptr || !list->is_array()) return;
  std::set<std::string, std::less<>> seen;
  for (const Json& entry : *list) {
    KnownFinding finding = read_finding(entry);
    if (finding.fingerprint.empty() || !seen.insert(finding.fingerprint).second) continue;
    findings.push_back(std::move(finding));
  }
}

int rank(std::string_view severity) {
  if (severity == "error") return 0;
  return severity == "warning" ? 1 : 2;
}

// As reports list them: the worst first.
void sort(std::vector<KnownFinding>& findings) {
  const auto order = [](const KnownFinding& finding) {
    return std::tuple(rank(finding.severity), std::string_view(finding.rule),
                      std::string_view(finding.object.ns), std::string_view(finding.object.kind),
                      std::string_view(finding.object.name), std::string_view(finding.fingerprint));
  };
  std::sort(findings.begin(), findings.end(),
            [&](const KnownFinding& a, const KnownFinding& b) { return order(a) < order(b); });
}

Fingerprints fingerprints_of(const std::vector<KnownFinding>& findings) {
  Fingerprints prints;
  for (const KnownFinding& finding : findings) prints.insert(finding.fingerprint);
  return prints;
}

void append_texts(const Json& json, std::initializer_list<std::string_view> path,
                  std::vector<std::string>& texts) {
  const Json* const list = model::find_path(json, path);
  if (list == nullptr || !list->is_array()) return;
  for (const Json& text : *list) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
}

void read_coverage(const Json& report, EarlierFindings& earlier) {
  append_texts(report, {"coverage", "rules"}, earlier.ran);
  const Json* const gaps = model::find_path(report, {"coverage", "notChecked"});
  if (gaps == nullptr || !gaps->is_array()) return;
  for (const Json& gap : *gaps) {
    append_texts(gap, {"rules"}, earlier.narrowed);
    // A document that could not be read might have been anything.
    if (model::string_at(gap, {"kind"}) == "Document") {
      earlier.narrowed.insert(earlier.narrowed.end(), earlier.ran.begin(), earlier.ran.end());
    }
  }
}

Json to_json(const KnownFinding& finding) {
  Json object = {{"apiVersion", finding.object.api_version},
                 {"kind", finding.object.kind},
                 {"name", finding.object.name}};
  if (!finding.object.ns.empty()) object["namespace"] = finding.object.ns;
  return {{"fingerprint", finding.fingerprint},
          {"rule", finding.rule},
          {"severity", finding.severity},
          {"object", std::move(object)},
          {"message", finding.message}};
}

}  // namespace

bool EarlierFindings::judged(std::string_view rule) const {
  if (!is_report) return true;
  return std::find(ran.begin(), ran.end(), rule) != ran.end() &&
         std::find(narrowed.begin(), narrowed.end(), rule) == narrowed.end();
}

Result<EarlierFindings> parse_earlier_findings(std::string_view text, std::string_view file) {
  model::YamlOptions options;
  options.file = file;
  // Positions cost as much as the rest; only what people write by hand needs them.
  KAI_TRY_ASSIGN(model::YamlDocument document, model::parse_yaml(text, options));
  EarlierFindings earlier;
  earlier.file = file;
  const std::string kind = text_of(document.value, {"kind"});
  earlier.is_report = kind == k_report_kind;
  if (earlier.is_report) {
    read_coverage(document.value, earlier);
  } else if (kind == k_baseline_kind) {
    options.positions = model::Positions::record;
    KAI_TRY_ASSIGN(document, model::parse_yaml(text, options));
    model::FieldChecker checker(document.positions, file, "a baseline");
    checker.check_fields(document.value, k_baseline);
    checker.check_type(document.value, "kubectl-ai/v1alpha1", k_baseline_kind);
    KAI_TRY(checker.result());
  } else {
    return fail(Error(ErrorCode::invalid_input, "neither an " + std::string(k_baseline_kind) +
                                                    " nor an " + std::string(k_report_kind) +
                                                    (kind.empty() ? "" : ": its kind is " + kind))
                    .at(document.location.file.empty() ? Location{std::string(file), 0, 0}
                                                       : document.location)
                    .with_hint("write one with --write-baseline FILE, or with -o json"));
  }
  append_findings(document.value, {"findings"}, earlier.findings);
  append_findings(document.value, {"baseline", "known"}, earlier.findings);
  append_findings(document.value, {"excepted"}, earlier.excepted);
  return earlier;
}

KnownFinding to_known(const Finding& finding) {
  return {finding.fingerprint, std::string(finding.rule->id),
          std::string(to_string(finding.rule->severity)), finding.object, finding.full_message()};
}

void apply_baseline(Report& report, const EarlierFindings& baseline) {
  AgainstBaseline against;
  against.file = baseline.file;
  const Fingerprints before = fingerprints_of(baseline.findings);
  std::unordered_set<std::string> now;
  report.findings.retain([&](const Finding& finding) {
    now.insert(finding.fingerprint);
    if (!before.contains(finding.fingerprint)) return true;
    report.summary.count(finding.rule->severity, -1);
    against.known.push_back(finding);
    return false;
  });
  for (const Excepted& excepted : report.excepted) now.insert(excepted.finding.fingerprint);
  for (const KnownFinding& finding : baseline.findings) {
    if (!now.contains(finding.fingerprint) && report.judged(finding.rule)) {
      against.gone.push_back(finding);
    }
  }
  sort(against.gone);
  report.baseline = std::move(against);
}

std::string baseline_of(const Report& report, const EarlierFindings* before) {
  std::vector<KnownFinding> all;
  std::set<std::string, std::less<>> seen;
  const auto add = [&](KnownFinding finding) {
    if (seen.insert(finding.fingerprint).second) all.push_back(std::move(finding));
  };
  for (const Finding& finding : report.findings) add(to_known(finding));
  if (report.baseline) {
    for (const Finding& finding : report.baseline->known) add(to_known(finding));
  }
  if (before != nullptr) {
    for (const KnownFinding& finding : before->findings) {
      if (!report.judged(finding.rule)) add(finding);
    }
  }
  sort(all);
  Json findings = Json::array();
  for (const KnownFinding& finding : all) findings.push_back(to_json(finding));
  return model::to_yaml({{"apiVersion", "kubectl-ai/v1alpha1"},
                         {"kind", k_baseline_kind},
                         {"findings", std::move(findings)}});
}

ReportDiff diff_findings(const EarlierFindings& first, const EarlierFindings& second) {
  ReportDiff diff;
  const Fingerprints before = fingerprints_of(first.findings);
  const Fingerprints after = fingerprints_of(second.findings);
  for (const KnownFinding& finding : second.findings) {
    (before.contains(finding.fingerprint) ? diff.unchanged : diff.fresh).push_back(finding);
  }
  const Fingerprints excepted = fingerprints_of(second.excepted);
  for (const KnownFinding& finding : first.findings) {
    if (after.contains(finding.fingerprint)) continue;
    if (excepted.contains(finding.fingerprint)) {
      diff.unchanged.push_back(finding);  // it is still there, and no longer counts
      continue;
    }
    (second.judged(finding.rule) ? diff.gone : diff.unjudged).push_back(finding);
  }
  for (auto* const list : {&diff.fresh, &diff.gone, &diff.unjudged, &diff.unchanged}) sort(*list);
  return diff;
}

}  // namespace kai::audit
