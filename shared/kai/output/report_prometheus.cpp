#include <kai/audit/grade.hpp>
#include <kai/audit/rule.hpp>
#include <kai/output/report_prometheus.hpp>
#include <kai/output/style.hpp>

#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

namespace kai::output {
namespace {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string escape_label(std::string_view value) {
  std::string out;
  for (const char c : safe_text(value)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

class Exposition {
 public:
  void metric(std::string_view name, std::string_view help) {
    m_name = "kubectl_ai_audit_" + std::string(name);
    m_text += "# HELP " + m_name + " " + std::string(help) + "\n# TYPE " + m_name + " gauge\n";
  }
  void sample(const Labels& labels, std::int64_t value) {
    m_text += m_name;
    if (labels.size() > 0) {
      char before = '{';
      for (const auto& [label, text] : labels) {
        m_text += before;
        m_text += std::string(label) + "=\"" + escape_label(text) + "\"";
        before = ',';
      }
      m_text += '}';
    }
    m_text += " " + std::to_string(value) + "\n";
  }
  std::string take() { return std::move(m_text); }

 private:
  std::string m_name;
  std::string m_text;
};

void write_findings(Exposition& out, const audit::Report& report) {
  std::map<std::string_view, const audit::Rule*> rules;
  std::map<std::string_view, std::int64_t> by_rule;
  std::map<std::pair<std::string, audit::Severity>, std::int64_t> by_namespace;
  for (const audit::Rule* const rule : report.ran) {
    rules.emplace(rule->id, rule);
    by_rule.emplace(rule->id, 0);
  }
  for (const audit::Finding& finding : report.findings) {
    rules.emplace(finding.rule->id, finding.rule);
    ++by_rule[finding.rule->id];
    // Two names that print alike must not become one series twice.
    if (!finding.object.ns.empty()) {
      ++by_namespace[{safe_text(finding.object.ns), finding.rule->severity}];
    }
  }
  out.metric("findings", "Findings of each rule that ran.");
  for (const auto& [id, count] : by_rule) {
    const audit::Rule& rule = *rules.at(id);
    out.sample({{"rule", id},
                {"severity", audit::to_string(rule.severity)},
                {"category", audit::to_string(rule.category)}},
               count);
  }
  if (by_namespace.empty()) return;
  out.metric("namespace_findings", "Findings on objects of each namespace that has any.");
  for (const auto& [key, count] : by_namespace) {
    out.sample({{"namespace", key.first}, {"severity", audit::to_string(key.second)}}, count);
  }
}

void write_coverage(Exposition& out, const audit::Report& report) {
  out.metric("complete", "1 when everything could be read.");
  out.sample({}, report.coverage.complete() ? 1 : 0);
  std::map<std::string, std::int64_t> gaps;
  for (const audit::NotChecked& gap : report.coverage.not_checked) ++gaps[safe_text(gap.kind)];
  if (!gaps.empty()) {
    out.metric("not_checked", "Reads that failed, by kind.");
    for (const auto& [kind, count] : gaps) out.sample({{"kind", kind}}, count);
  }
  out.metric("rules", "Rules that ran.");
  out.sample({}, report.rules);
  out.metric("objects", "Objects that were read.");
  out.sample({}, report.objects);
  const auto grade = audit::grade(report);
  if (!grade) return;
  out.metric("grade", "1 for the grade of the report, 0 for the others.");
  for (const char* letter : {"A", "B", "C", "D", "F"}) {
    out.sample({{"grade", letter}}, grade->letter == letter[0] ? 1 : 0);
  }
}

void write_gpus(Exposition& out, const audit::Report& report) {
  if (report.gpu_nodes.empty()) return;
  const audit::GpuSummary& gpus = report.summary.gpus;
  out.metric("gpus", "GPUs that nodes advertise.");
  out.sample({}, gpus.total);
  out.metric("gpus_unprotected", "GPUs of nodes that let every pod in.");
  out.sample({}, gpus.unprotected);
  out.metric("node_gpus", "GPUs of each node by what becomes of them.");
  // Two names that print alike must not become one series twice.
  std::map<std::string, audit::GpuNode> nodes;
  for (const audit::GpuNode& node : report.gpu_nodes) {
    audit::GpuNode& sum = nodes[safe_text(node.name)];
    sum.used += node.used;
    sum.free += node.free;
    sum.stranded += node.stranded;
    sum.lost += node.lost;
  }
  for (const auto& [name, node] : nodes) {
    const auto sample = [&out, &node_name = name](std::string_view state, std::int64_t count) {
      out.sample({{"node", node_name}, {"state", state}}, count);
    };
    if (gpus.usage_known) {
      sample("used", node.used);
      sample("free", node.free);
      sample("stranded", node.stranded);
    }
    sample("lost", node.lost);
  }
}

}  // namespace

std::string render_prometheus(const audit::Report& report) {
  Exposition out;
  write_findings(out, report);
  write_coverage(out, report);
  write_gpus(out, report);
  return out.take();
}

}  // namespace kai::output
