// kubectl ai quota status
#include "cluster.hpp"
#include "commands.hpp"
#include "objects.hpp"

#include <kai/apply/ownership.hpp>
#include <kai/cli/write_plan.hpp>
#include <kai/model/node.hpp>
#include <kai/output/document.hpp>
#include <kai/output/table.hpp>

#include <algorithm>
#include <memory>
#include <ostream>
#include <utility>

namespace kai::quota {

namespace {

using cli::ExitCode;
using cli::Output;
using model::Quantity;
using model::Resource;

constexpr int k_bar = 10;
constexpr double k_nearly = 0.9;

struct Entry {
  std::string ns;
  std::string quota;
  std::string key;
  std::optional<Quantity> used;  // nullopt: not counted, now or ever
  Quantity hard;
  bool ours = false;
  bool inert = false;  // a key that Kubernetes never counts

  [[nodiscard]] double fraction() const {
    if (!used) return 0;
    if (hard.is_zero()) return used->is_zero() ? 0 : 1;
    const double allowed = static_cast<double>(hard.milli_value());
    return std::min(static_cast<double>(used->milli_value()) / allowed, 1.0);
  }
};

std::vector<Entry> entries_of(const ClusterState& state) {
  std::vector<Entry> entries;
  for (const Resource& quota : state.quotas) {
    const model::Json* const hard = model::find_path(quota.json(), {"spec", "hard"});
    if (hard == nullptr) continue;
    const model::Json* const counted = model::find_path(quota.json(), {"status", "used"});
    const auto used =
        counted == nullptr ? model::Resources() : model::resources_from_json(*counted);
    for (const auto& [key, amount] : model::resources_from_json(*hard)) {
      Entry entry{std::string(quota.ns()), std::string(quota.name()), key, std::nullopt, amount};
      if (const auto found = used.find(key); found != used.end()) entry.used = found->second;
      entry.ours = quota.label(apply::k_part_of_label) == k_component;
      entry.inert = !model::counting_quota_key(key).empty();
      if (entry.inert) entry.used.reset();
      entries.push_back(std::move(entry));
    }
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.ns, a.quota) < std::tie(b.ns, b.quota);
  });
  return entries;
}

output::Style style_of(const Entry& entry) {
  if (entry.fraction() >= 1) return output::Style::bad;
  return entry.fraction() >= k_nearly ? output::Style::warning : output::Style::good;
}

std::string table_of(const std::vector<Entry>& entries, bool wide, const output::Palette& palette,
                     int width) {
  std::vector<output::Column> columns{{"NAMESPACE"}};
  if (wide) columns.push_back({"QUOTA"});
  columns.push_back({"RESOURCE"});
  columns.push_back({"USED", output::Align::right});
  columns.push_back({"ALLOWED", output::Align::right});
  columns.push_back({""});
  if (wide) columns.push_back({"OURS"});
  output::Table table(std::move(columns));
  for (const Entry& entry : entries) {
    std::vector<output::Cell> row{entry.ns};
    if (wide) row.emplace_back(entry.quota);
    row.emplace_back(entry.key);
    row.emplace_back(entry.used ? entry.used->to_string() : "-");
    row.emplace_back(entry.hard.to_string());
    if (entry.inert) {
      row.emplace_back("never counted", output::Style::warning);
    } else {
      row.emplace_back(output::bar(entry.fraction(), k_bar), style_of(entry));
    }
    if (wide) row.emplace_back(entry.ours ? "yes" : "no");
    table.add_row(std::move(row));
  }
  return table.render(palette, width);
}

model::Json json_of(const std::vector<Entry>& entries) {
  model::Json list = model::Json::array();
  for (const Entry& entry : entries) {
    model::Json json{{"namespace", entry.ns},
                     {"quota", entry.quota},
                     {"resource", entry.key},
                     {"hard", entry.hard.to_string()},
                     {"ours", entry.ours}};
    if (entry.used) json.emplace("used", entry.used->to_string());
    if (entry.inert) json.emplace("inert", true);
    list.push_back(std::move(json));
  }
  return {{"items", std::move(list)}};
}

Result<ExitCode> run_status(cli::Session& session, Output output) {
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  cli::say_busy(session, "reading quotas");
  // Without -n it is about every namespace: that is what there is to be looked at.
  KAI_TRY_ASSIGN(const ClusterState state, read_quotas(*client, session.flags().connection.ns));
  const std::vector<Entry> entries = entries_of(state);
  Context& context = session.context();
  switch (output) {
    case Output::json:
    case Output::yaml:
      context.out << output::render_document(
          output == Output::json ? output::DocumentFormat::json : output::DocumentFormat::yaml,
          "QuotaStatus", json_of(entries));
      break;
    case Output::name:
      for (const Resource& quota : state.quotas) {
        context.out << "resourcequota/" << output::safe_text(quota.name()) << "\n";
      }
      break;
    case Output::table:
    case Output::wide:
      if (entries.empty()) {
        context.out << "No quotas found\n";
      } else {
        context.out << table_of(entries, output == Output::wide, session.palette(),
                                context.out_terminal.width);
      }
      break;
  }
  context.out << std::flush;
  return ExitCode::ok;
}

}  // namespace

void add_status(cli::Commands& commands) {
  const auto output = std::make_shared<Output>(Output::table);
  CLI::App& status =
      commands.add("status", "Show what namespaces use of their quotas",
                   [output](cli::Session& session) { return run_status(session, *output); });
  cli::add_output_flag(status, *output);
  commands.describe(status, "Of the namespace that -n names, or of all of them.",
                    {{"Every quota", "kubectl ai quota status"},
                     {"Who is at the limit, for a script",
                      "kubectl ai quota status -o json | jq '.items[] | select(.used == .hard)'"}});
}

}  // namespace kai::quota
