#include <kai/output/report_changes.hpp>

#include <kai/output/document.hpp>
#include <kai/output/report_json.hpp>
#include <kai/output/text_block.hpp>

namespace kai::output {
namespace {

using model::Json;

Style style_of(std::string_view severity) {
  if (severity == "error") return Style::bad;
  return severity == "warning" ? Style::warning : Style::accent;
}

std::string counted(int count, std::string_view singular) {
  return std::to_string(count) + " " + std::string(singular) + (count == 1 ? "" : "s");
}

// "10:11:12" on a terminal, where the day is known.
std::string stamp(std::string_view time, const ChangeOptions& options) {
  constexpr std::size_t k_day = 11;  // "2026-05-04T"
  const bool brief = options.width > 0 && time.size() > k_day;
  return options.palette.paint(Style::dim, safe_text(brief ? time.substr(k_day) : time));
}

// A line under its time and sign; what does not fit goes on below itself.
std::string line(std::string_view time, Style style, std::string_view sign, const std::string& text,
                 const ChangeOptions& options) {
  constexpr int k_indent = 13;  // "10:11:12Z  + "
  return stamp(time, options) + "  " + options.palette.paint(style, sign) + " " +
         wrap_hanging(text, k_indent, options.width) + "\n";
}

std::string finding_line(std::string_view time, Style style, std::string_view sign,
                         const audit::KnownFinding& finding, const ChangeOptions& options) {
  const std::string text = finding.severity + " " + finding.rule + ": " +
                           finding.object.to_string() + ": " + finding.message;
  std::string lines = line(time, style, sign, text, options);
  // Short and without spaces, so it was not broken.
  const std::size_t at = lines.find(finding.severity);
  if (at != std::string::npos) {
    lines.replace(at, finding.severity.size(),
                  options.palette.paint(style_of(finding.severity), finding.severity));
  }
  return lines;
}

Json change(std::string_view time, std::string_view what) {
  return {{"apiVersion", k_api_version}, {"kind", "AuditChange"}, {"time", time}, {"change", what}};
}

Json finding_to_json(std::string_view time, std::string_view what,
                     const audit::KnownFinding& finding) {
  Json json = change(time, what);
  json["finding"] = known_finding_to_json(finding);
  return json;
}

}  // namespace

std::string render_fresh(std::string_view time, const audit::KnownFinding& finding,
                         const ChangeOptions& options) {
  return finding_line(time, Style::bad, "+", finding, options);
}

std::string render_gone(std::string_view time, const audit::KnownFinding& finding,
                        const ChangeOptions& options) {
  return finding_line(time, Style::good, "-", finding, options);
}

std::string render_standing(std::string_view time, const audit::Standing& standing,
                            std::string_view more, const ChangeOptions& options) {
  std::string text = counted(standing.error, "error") + ", " +
                     counted(standing.warning, "warning") + ", " + std::to_string(standing.info) +
                     " info";
  if (standing.grade) {
    text += "; grade " + std::string(1, standing.grade->letter) +
            (standing.grade->at_best ? " at best" : "") + ": " + standing.grade->reason;
  }
  if (!more.empty()) text += "; " + std::string(more);
  return line(time, Style::bold, "=", text, options);
}

std::string render_coverage(std::string_view time, Coverage coverage, std::string_view text,
                            const ChangeOptions& options) {
  const Style style = coverage == Coverage::less ? Style::warning : Style::good;
  return line(time, style, "!", std::string(text), options);
}

Json fresh_to_json(std::string_view time, const audit::KnownFinding& finding) {
  return finding_to_json(time, "new", finding);
}

Json gone_to_json(std::string_view time, const audit::KnownFinding& finding) {
  return finding_to_json(time, "gone", finding);
}

Json standing_to_json(std::string_view time, const audit::Standing& standing,
                      std::string_view what) {
  Json json = change(time, what);
  json["summary"] = {
      {"error", standing.error}, {"warning", standing.warning}, {"info", standing.info}};
  if (standing.grade) {
    json["summary"]["grade"] = {{"letter", std::string(1, standing.grade->letter)},
                                {"atBest", standing.grade->at_best},
                                {"reason", standing.grade->reason}};
  }
  return json;
}

Json coverage_to_json(std::string_view time, Coverage coverage, std::string_view text) {
  Json json = change(time, "coverage");
  json["coverage"] = coverage == Coverage::less ? "less" : "more";
  json["message"] = text;
  return json;
}

}  // namespace kai::output
