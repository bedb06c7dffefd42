#include <openssl/sha.h>

#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/grade.hpp>
#include <kai/audit/rule.hpp>
#include <kai/kube/encoding.hpp>
#include <kai/output/aside_list.hpp>
#include <kai/output/document.hpp>
#include <kai/output/escape.hpp>
#include <kai/output/html_assets.hpp>
#include <kai/output/report_html.hpp>
#include <kai/output/style.hpp>

#include <algorithm>
#include <cctype>
#include <ostream>
#include <set>
#include <string_view>
#include <vector>

namespace kai::output {
namespace {

using audit::Finding;
using audit::GpuNode;
using audit::Report;

constexpr std::int64_t k_cells = 16;       // GPUs of a node that are drawn one by one
constexpr std::size_t k_dense_from = 300;  // nodes: from here on without their names

std::string num(std::int64_t value) {
  return std::to_string(value);
}

std::string hash_of(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return "'sha256-" + kube::encode_base64({reinterpret_cast<const char*>(digest), sizeof digest}) +
         "'";
}

// Between two backticks stands code.
std::string prose(std::string_view text) {
  const std::string safe = escape_markup(text);
  std::string out;
  std::size_t at = 0;
  while (at < safe.size()) {
    const std::size_t open = safe.find('`', at);
    const std::size_t close =
        open == std::string::npos ? std::string::npos : safe.find('`', open + 1);
    if (close == std::string::npos) break;
    out +=
        safe.substr(at, open - at) + "<code>" + safe.substr(open + 1, close - open - 1) + "</code>";
    at = close + 1;
  }
  return out + safe.substr(at);
}

// Lines stay lines.
std::string preformatted(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += escape_markup(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

struct Part {
  std::int64_t count;
  char mark;  // its class in the style
  std::string_view name;
};

std::vector<Part> parts_of(const GpuNode& node, bool usage_known) {
  if (!usage_known) {
    return {{node.used + node.free + node.stranded, 'f', "in use or free"},
            {node.lost, 'l', "lost"}};
  }
  return {{node.used, 'u', "in use"},
          {node.free, 'f', "free"},
          {node.stranded, 's', "stranded"},
          {node.lost, 'l', "lost"}};
}

std::string words_of(const std::vector<Part>& parts) {
  std::string text;
  for (const Part& part : parts) {
    if (part.count == 0) continue;
    text += (text.empty() ? "" : ", ") + num(part.count) + " " + std::string(part.name);
  }
  return text;
}

std::string bar_of(const std::vector<Part>& parts) {
  std::int64_t all = 0;
  for (const Part& part : parts) all += part.count;
  std::string text = "<svg class=\"bar\" viewBox=\"0 0 " + num(all) +
                     " 1\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" +
                     words_of(parts) + "\">";
  std::int64_t at = 0;
  for (const Part& part : parts) {
    if (part.count > 0) {
      text += "<rect class=\"" + std::string(1, part.mark) + "\" x=\"" + num(at) + "\" width=\"" +
              num(part.count) + "\" height=\"1\"/>";
    }
    at += part.count;
  }
  return text + "</svg>";
}

std::string cells_of(const GpuNode& node, const std::vector<Part>& parts) {
  if (node.total > k_cells) return bar_of(parts);
  std::string text = "<span class=\"cells\">";
  for (const Part& part : parts) {
    for (std::int64_t i = 0; i < part.count; ++i) {
      text += "<i class=\"" + std::string(1, part.mark) + "\"></i>";
    }
  }
  return text + "</span>";
}

// What follows "find=" in the page's address.
std::string query_of(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_') {
      out += c;
    } else {
      static constexpr std::string_view k_digits = "0123456789ABCDEF";
      out += '%';
      out += k_digits[byte >> 4U];
      out += k_digits[byte & 0xFU];
    }
  }
  return out;
}

class Page {
 public:
  Page(const Report& report, std::ostream& out)
      : m_report(report), m_out(out), m_grade(audit::grade(report)) {}

  void write() {
    write_start();
    write_summary();
    write_gaps();
    write_gpus();
    write_findings();
    write_aside();
    m_text += "</main>\n<script>";
    m_text += k_html_script;
    m_text += "</script>\n</body>\n</html>\n";
    flush();
  }

 private:
  void flush() {
    m_out << m_text;
    m_text.clear();
  }

  void write_start() {
    const audit::Summary& summary = m_report.summary;
    m_text += "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    m_text +=
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src " +
        hash_of(k_html_style) + "; script-src " + hash_of(k_html_script) +
        "; base-uri 'none'; form-action 'none'\">\n";
    m_text +=
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n<title>GPU cluster audit: " +
        audit::count_of(summary.error, "error") + ", " +
        audit::count_of(summary.warning, "warning") + "</title>\n<style>";
    m_text += k_html_style;
    m_text += "</style>\n</head>\n<body>\n<main>\n";
  }

  void tile(std::int64_t count, std::string_view name, std::string_view style) {
    m_text += "<li class=\"" + std::string(count == 0 ? "none" : style) + "\"><b>" + num(count) +
              "</b>" + std::string(name) + "</li>\n";
  }

  void write_summary() {
    const audit::Summary& summary = m_report.summary;
    m_text += "<section class=\"card\">\n<div class=\"head\">\n";
    if (m_grade) {
      const char small = static_cast<char>(std::tolower(m_grade->letter));
      m_text += "<div class=\"grade grade-" + std::string(1, small) + "\"><span>" +
                std::string(1, m_grade->letter) + "<small>" +
                (m_grade->at_best ? "at best" : "grade") + "</small></span></div>\n";
    }
    m_text += "<div><h1>GPU cluster audit</h1>\n<p class=\"dim\">";
    if (m_grade) m_text += escape_markup(m_grade->reason) + " · ";
    m_text += audit::count_of(m_report.rules, "rule") + " over " +
              audit::count_of(m_report.objects, "object") + "</p></div>\n</div>\n";
    m_text += "<ul class=\"tiles\">\n";
    tile(summary.error, "errors", "error");
    tile(summary.warning, "warnings", "warning");
    tile(summary.info, "info", "info");
    const audit::GpuSummary& gpus = summary.gpus;
    if (gpus.total > 0) {
      tile(gpus.total, "GPUs", "gpus");
      tile(gpus.lost, "lost", "error");
      if (gpus.usage_known) tile(gpus.stranded, "stranded", "warning");
      tile(gpus.unprotected, "unprotected", "warning");
    }
    m_text += "</ul>\n</section>\n";
  }

  void write_gaps() {
    const auto& gaps = m_report.coverage.not_checked;
    if (gaps.empty()) return;
    m_text +=
        "<section class=\"card gaps\" id=\"not-checked\">\n<h2>Not checked</h2>\n"
        "<p>What follows could not be read. Nothing is known about it.</p>\n<ul>\n";
    for (const audit::NotChecked& gap : gaps) {
      m_text += "<li><b>" + escape_markup(gap.location ? gap.location->to_string() : gap.kind) +
                "</b>: " + escape_markup(gap.reason);
      if (!gap.rules.empty()) {
        m_text += "<br><span class=\"dim\">rules:";
        for (const std::string& rule : gap.rules) {
          m_text += " <code>" + escape_markup(rule) + "</code>";
        }
        m_text += "</span>";
      }
      m_text += "</li>\n";
    }
    m_text += "</ul>\n</section>\n";
  }

  void write_gpus() {
    if (m_report.gpu_nodes.empty()) return;
    const bool known = m_report.summary.gpus.usage_known;
    std::vector<const GpuNode*> nodes;
    GpuNode all;
    for (const GpuNode& node : m_report.gpu_nodes) {
      nodes.push_back(&node);
      all.total += node.total;
      all.used += node.used;
      all.free += node.free;
      all.stranded += node.stranded;
      all.lost += node.lost;
    }
    std::stable_sort(nodes.begin(), nodes.end(), [](const GpuNode* a, const GpuNode* b) {
      return std::pair(a->lost, a->stranded) > std::pair(b->lost, b->stranded);
    });
    const auto parts = parts_of(all, known);
    m_text += "<section class=\"card\" id=\"gpus\">\n<h2>" + audit::count_of(all.total, "GPU") +
              " on " + audit::count_of(static_cast<std::int64_t>(nodes.size()), "node") +
              "</h2>\n" + bar_of(parts) + "\n<ul class=\"legend\">\n";
    for (const Part& part : parts) {
      m_text += "<li><i class=\"" + std::string(1, part.mark) + "\"></i>" + num(part.count) + " " +
                std::string(part.name) + "</li>\n";
    }
    m_text += "</ul>\n";
    if (!known) {
      m_text +=
          "<p class=\"dim\">The pods that use GPUs were not all read, so what is free is "
          "not known.</p>\n";
    }
    m_text += "<ul class=\"nodes";
    m_text += nodes.size() >= k_dense_from ? " dense\">\n" : "\">\n";
    for (const GpuNode* const node : nodes) write_node(*node, known);
    m_text += "</ul>\n</section>\n";
  }

  void write_node(const GpuNode& node, bool known) {
    const auto parts = parts_of(node, known);
    const std::string name = escape_markup(node.name);
    const std::string words = words_of(parts);
    // A node that has findings leads to them.
    const bool linked = m_nodes_with_findings.contains(node.name);
    const std::string tag = linked ? "a" : "div";
    m_text += "<li><" + tag;
    if (linked) m_text += " href=\"#find=" + query_of(safe_text(node.name)) + "\"";
    if (node.lost > 0) m_text += " class=\"ill\"";
    m_text += " title=\"" + name + ": " + words + "\"><b>" + name + "</b>" + cells_of(node, parts) +
              "<small>" + words + "</small>";
    std::string more = escape_markup(node.product);
    if (node.state != "Ready") {
      more += (more.empty() ? "" : " · ") + escape_markup(node.state);
    }
    if (!more.empty()) m_text += "<small>" + more + "</small>";
    m_text += "</" + tag + "></li>\n";
  }

  void write_findings() {
    m_text += "<section id=\"findings\">\n<h2>Findings</h2>\n";
    if (m_report.findings.empty()) {
      const bool blind = m_report.rules == 0 || m_report.objects == 0;
      m_text += std::string("<p class=\"card\">") +
                (blind ? "Nothing was checked." : "No findings.") + "</p>\n</section>\n";
      return;
    }
    write_filters();
    for (const audit::FindingSpan& findings : m_report.findings.by_rule()) write_rule(findings);
    m_text += "<p id=\"empty\" hidden>No finding fits this filter.</p>\n</section>\n";
  }

  void write_aside() {
    const std::size_t count = count_aside(m_report);
    if (count == 0) return;
    m_text += "<section class=\"card\" id=\"set-aside\">\n<h2>Set aside</h2>\n<details><summary>" +
              audit::count_of(static_cast<std::int64_t>(count), "finding") +
              (count == 1 ? " does" : " do") + " not count</summary>\n<ul>\n";
    each_aside(m_report, [&](const Finding& finding, const Aside& why) {
      m_text += "<li><code>" + escape_markup(finding.rule->id) + "</code> " +
                escape_markup(finding.object.to_string()) + ": " + prose(finding.message) +
                "<br><span class=\"dim\">" + std::string(why.state) + " " + prose(why.reason) +
                " (" + escape_markup(why.given) + ")</span></li>\n";
      flush();
    });
    m_text += "</ul>\n</details>\n</section>\n";
  }

  void write_filters() {
    std::set<std::string> namespaces;
    std::vector<std::string_view> rules;
    bool of_cluster = false;
    for (const Finding& finding : m_report.findings) {
      if (finding.object.ns.empty()) {
        of_cluster = true;
      } else {
        namespaces.insert(escape_markup(finding.object.ns));
      }
      if (rules.empty() || rules.back() != finding.rule->id) rules.push_back(finding.rule->id);
    }
    std::sort(rules.begin(), rules.end());
    m_text +=
        "<form id=\"filters\" class=\"card\" hidden autocomplete=\"off\">\n"
        "<fieldset><legend>Severity</legend>\n";
    for (const char* severity : {"error", "warning", "info"}) {
      m_text += std::string("<label><input type=\"checkbox\" name=\"severity\" value=\"") +
                severity + "\" checked><span class=\"" + severity + "\">" + severity +
                "</span></label>\n";
    }
    m_text +=
        "</fieldset>\n<select name=\"namespace\" aria-label=\"Namespace\">"
        "<option value=\"\">all namespaces</option>";
    if (of_cluster) m_text += "<option value=\"*\">of the whole cluster</option>";
    for (const std::string& ns : namespaces) {
      m_text.append("<option value=\"").append(ns).append("\">").append(ns).append("</option>");
    }
    m_text +=
        "</select>\n<select name=\"rule\" aria-label=\"Rule\">"
        "<option value=\"\">all rules</option>";
    for (const std::string_view rule : rules) {
      m_text += "<option>" + escape_markup(rule) + "</option>";
    }
    m_text +=
        "</select>\n<input type=\"search\" name=\"find\" placeholder=\"Search\" "
        "aria-label=\"Search\">\n<button type=\"reset\">Reset</button>\n"
        "<output id=\"count\" aria-live=\"polite\"></output>\n</form>\n";
  }

  void write_rule(const audit::FindingSpan& findings) {
    const audit::Rule& rule = findings.rule();
    const std::string severity(audit::to_string(rule.severity));
    const std::string id = escape_markup(rule.id);
    m_text += "<section class=\"card rule\" id=\"rule-" + id + "\" data-rule=\"" + id +
              "\" data-severity=\"" + severity + "\">\n<header><span class=\"badge " + severity +
              "\">" + severity + "</span><h3><code>" + id + "</code> " + escape_markup(rule.title) +
              "</h3></header>\n<p><b>Why</b> " + prose(rule.why) + "</p>\n";
    const std::string fix = findings.shared_fix();
    m_text += "<p><b>Fix</b> " + prose(fix) + " <a data-print rel=\"noreferrer\" href=\"" +
              escape_markup(rule.reference) + "\">Reference</a></p>\n";
    for (const Finding& finding : findings) write_finding(finding, fix);
    m_text += "</section>\n";
  }

  void row(std::string_view label, std::string_view text, bool code) {
    if (text.empty()) return;
    const std::string safe = code ? escape_markup(text) : prose(text);
    m_text += "<dt>" + std::string(label) + "</dt><dd>" +
              (code ? "<code class=\"chip\">" + safe + "</code>" : safe) + "</dd>\n";
  }

  void write_finding(const Finding& finding, std::string_view shared_fix) {
    // "*" is no name: it stands for objects outside of namespaces.
    m_text += "<article class=\"finding\" id=\"finding-" + escape_markup(finding.fingerprint) +
              "\" data-namespace=\"" +
              (finding.object.ns.empty() ? "*" : escape_markup(finding.object.ns)) +
              "\">\n<h4 class=\"object\">" + escape_markup(finding.object.to_string()) +
              "</h4>\n<p>" + prose(finding.message) + "</p>\n";
    if (!finding.details.empty()) {
      m_text += "<ul>";
      for (const std::string& detail : finding.details) m_text += "<li>" + prose(detail) + "</li>";
      m_text += "</ul>\n";
    }
    m_text += "<dl>";
    if (finding.location) row("at", finding.location->to_string(), true);
    row("path", finding.path.to_string(), true);
    row("observed", finding.observed, false);
    row("expected", finding.expected, false);
    if (finding.fix != shared_fix) row("fix", finding.fix, false);
    m_text += "</dl>\n";
    if (finding.patch) {
      const bool merge = finding.patch->type == audit::Patch::Type::merge;
      m_text += "<details><summary>Patch (" + std::string(merge ? "merge" : "json") +
                ")</summary><pre>" +
                preformatted(render_object(DocumentFormat::json, finding.patch->body)) +
                "</pre></details>\n";
    }
    m_text += "</article>\n";
    flush();
  }

  const Report& m_report;
  std::ostream& m_out;
  std::optional<audit::Grade> m_grade;
  std::set<std::string, std::less<>> m_nodes_with_findings = names_of_nodes(m_report);
  std::string m_text;

  static std::set<std::string, std::less<>> names_of_nodes(const Report& report) {
    std::set<std::string, std::less<>> names;
    for (const Finding& finding : report.findings) {
      if (finding.object.kind == "Node") names.insert(finding.object.name);
    }
    return names;
  }
};

}  // namespace

void write_html(const Report& report, std::ostream& out) {
  Page(report, out).write();
}

}  // namespace kai::output
