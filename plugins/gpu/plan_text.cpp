#include "plan_text.hpp"

#include "node_setup.hpp"

#include <kai/output/change_text.hpp>

#include <map>

namespace kai::gpu {

namespace {

using model::Json;
using output::Palette;
using output::Style;

constexpr std::size_t k_most_lines = 10;  // of one kind of impact; the document has all

std::string pod_line(const Impact& impact) {
  std::string text = output::short_name(impact.object);
  if (!impact.controller.empty()) text += " (" + impact.controller + ")";
  text += " on " + impact.node;
  if (!impact.detail.empty()) text += ", " + impact.detail;
  return text;
}

std::string plural(std::size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

void put_pods(const std::vector<Impact>& impacts, ImpactKind kind, std::string_view what,
              const Palette& palette, std::string& text) {
  std::vector<std::string> lines;
  for (const Impact& impact : impacts) {
    if (impact.kind == kind) lines.push_back(pod_line(impact));
  }
  if (lines.empty()) return;
  const Style style = kind == ImpactKind::evicted ? Style::bad : Style::warning;
  text += "  " + palette.paint(style, plural(lines.size(), "pod") + " " + std::string(what)) + "\n";
  for (std::size_t i = 0; i < lines.size() && i < k_most_lines; ++i) {
    text += "    " + output::safe_text(lines[i]) + "\n";
  }
  if (lines.size() > k_most_lines) {
    text += "    … and " + std::to_string(lines.size() - k_most_lines) + " more: -o json has all\n";
  }
}

// One line per object or reason, with the nodes that it concerns.
void put_by_nodes(const std::vector<Impact>& impacts, ImpactKind kind, int width,
                  std::string& text) {
  std::map<std::string, std::vector<std::string>> nodes;
  for (const Impact& impact : impacts) {
    if (impact.kind != kind) continue;
    std::string subject;
    if (kind == ImpactKind::daemon_shut_out) {
      subject = impact.object.to_string() + " cannot return to";
    } else if (kind == ImpactKind::serves_too) {
      subject = "the device plugin will run on other nodes with the label, too:";
    } else {
      subject = "no GPU advertised (" + impact.detail + "):";
    }
    nodes[subject].push_back(impact.node);
  }
  for (const auto& [subject, names] : nodes) {
    const std::string safe = output::safe_text(subject);
    text += "  " + safe + " ";
    text +=
        output::wrapped(output::abridged(names), 3 + output::display_width(safe), 4, width) + "\n";
  }
}

}  // namespace

std::string plan_text(const PlanReport& report, const Palette& palette, int width) {
  std::string text = output::changes_text(report.set, palette, width, hidden_fields());

  std::string impact;
  put_pods(report.impacts, ImpactKind::evicted, "will be evicted: no toleration", palette, impact);
  put_pods(report.impacts, ImpactKind::cannot_return,
           "will stay, but cannot come back: no toleration", palette, impact);
  put_by_nodes(report.impacts, ImpactKind::daemon_shut_out, width, impact);
  put_by_nodes(report.impacts, ImpactKind::serves_too, width, impact);
  put_by_nodes(report.impacts, ImpactKind::advertises_none, width, impact);
  if (!impact.empty()) {
    text += (text.empty() ? "" : "\n") + palette.paint(Style::bold, "Impact") + "\n" + impact;
  }
  if (!report.notes.empty()) {
    text += (text.empty() ? "" : "\n") + palette.paint(Style::bold, "Notes") + "\n";
    for (const std::string& note : report.notes) text += "  " + output::safe_text(note) + "\n";
  }
  if (!text.empty()) text += "\n";
  return text;
}

output::Hidden hidden_fields() {
  return {".metadata.annotations." + std::string(k_record_annotation)};
}

Json plan_json(const PlanReport& report) {
  Json impacts = Json::array();
  for (const Impact& impact : report.impacts) {
    Json json{{"kind", to_string(impact.kind)}, {"node", impact.node}};
    if (!impact.object.kind.empty()) json.emplace("object", output::ref_json(impact.object));
    if (!impact.controller.empty()) json.emplace("controller", impact.controller);
    if (!impact.detail.empty()) json.emplace("detail", impact.detail);
    impacts.push_back(std::move(json));
  }
  return Json{{"changes", output::changes_json(report.set)},
              {"impacts", std::move(impacts)},
              {"notes", report.notes},
              {"pending", report.set.pending()},
              {"summary", output::changes_summary_json(report.set)}};
}

}  // namespace kai::gpu
