#include "status_text.hpp"

#include <kai/model/gpu.hpp>
#include <kai/output/table.hpp>

#include <algorithm>

namespace kai::gpu {

namespace {

using output::Align;
using output::Cell;
using output::Palette;
using output::Shrink;
using output::Style;

constexpr int k_bar_width = 8;

Style style_of(NodeState state) {
  switch (state) {
    case NodeState::ready: return Style::good;
    case NodeState::cordoned:
    case NodeState::mig_pending: return Style::warning;
    default: return Style::bad;
  }
}

std::string or_dash(std::string text) {
  return text.empty() ? "-" : text;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::string used_of(const GpuCount& count, bool known) {
  return (known ? std::to_string(count.used) : "?") + "/" + std::to_string(count.allocatable);
}

std::string use_bar(const GpuCount& count, bool known) {
  if (count.total == 0) return "-";
  const double fraction = count.allocatable > 0 ? static_cast<double>(count.used) /
                                                      static_cast<double>(count.allocatable)
                                                : 0.0;
  return output::bar(known ? fraction : 0.0, k_bar_width) + " " + used_of(count, known);
}

// How the node's GPUs are divided: MIG or sharing, seldom both.
std::string mode_of(const NodeStatus& node) {
  std::string text;
  if (!node.mig.empty()) text = "MIG " + node.mig;
  if (!node.sharing.empty()) text += (text.empty() ? "" : ", ") + node.sharing;
  return or_dash(std::move(text));
}

// "1g.10gb 2/16": what each MIG profile, or other resource, has.
std::string by_resource(const NodeStatus& node, bool known) {
  std::string text;
  for (const GpuCount& count : node.gpus) {
    const std::string_view profile = model::mig_profile(count.resource);
    text += (text.empty() ? "" : ",") + std::string(profile.empty() ? count.resource : profile) +
            " " + used_of(count, known);
  }
  return or_dash(std::move(text));
}

std::string plural(std::int64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

model::Json to_json(const GpuCount& count, bool known) {
  model::Json json{{"total", count.total}, {"allocatable", count.allocatable}};
  if (known) {
    json.emplace("used", count.used);
    json.emplace("free", count.free);
  }
  return json;
}

}  // namespace

std::string status_table(const GpuStatus& status, Detail detail, const Palette& palette,
                         int width) {
  const bool wide = detail == Detail::wide;
  std::vector<output::Column> columns{{"NODE"}, {"PRODUCT", Align::left, Shrink::may}};
  if (wide) {
    for (const char* title : {"TOTAL", "ALLOCATABLE", "USED", "FREE"}) {
      columns.push_back({title, Align::right});
    }
    for (const char* title : {"RESOURCES", "MIG", "SHARING", "DRIVER", "LABEL", "TAINT"}) {
      columns.push_back({title});
    }
  } else {
    columns.push_back({"USED"});
    columns.push_back({"FREE", Align::right});
    columns.push_back({"MODE", Align::left, Shrink::may});
  }
  columns.push_back({"STATE"});

  output::Table table(std::move(columns));
  for (const NodeStatus& node : status.nodes) {
    const GpuCount sum = node.sum();
    const std::string free = status.usage_known ? std::to_string(sum.free) : "?";
    const std::string product = or_dash(model::short_product(node.product));
    const Cell state(std::string(to_string(node.state)), style_of(node.state));
    if (wide) {
      table.add_row({node.name, product, std::to_string(sum.total), std::to_string(sum.allocatable),
                     status.usage_known ? std::to_string(sum.used) : "?", free,
                     by_resource(node, status.usage_known), or_dash(node.mig),
                     or_dash(node.sharing), or_dash(node.driver), or_dash(node.label),
                     or_dash(join(node.taints)), state});
    } else {
      table.add_row({node.name, product, use_bar(sum, status.usage_known),
                     sum.total == 0 ? "-" : free, mode_of(node), state});
    }
  }
  return table.render(palette, width);
}

std::string status_summary(const GpuStatus& status, const Palette& palette, int width) {
  std::int64_t gpus = 0;
  std::int64_t slots = 0;
  std::int64_t mig = 0;
  for (const NodeStatus& node : status.nodes) {
    for (const GpuCount& count : node.gpus) {
      switch (count.unit) {
        case UnitKind::gpu: gpus += count.total; break;
        case UnitKind::shared_slot: slots += count.total; break;
        case UnitKind::mig_device: mig += count.total; break;
      }
    }
  }
  std::string text = "\n" + plural(gpus, "GPU", "GPUs");
  if (slots > 0) text += ", " + plural(slots, "shared slot", "shared slots");
  if (mig > 0) text += ", " + plural(mig, "MIG device", "MIG devices");
  text += " on " + plural(static_cast<std::int64_t>(status.nodes.size()), "node", "nodes");
  if (status.usage_known) {
    text += ": " + std::to_string(status.sum.used) + " used, " + std::to_string(status.sum.free) +
            " free";
  } else {
    text += ": use not known";
  }
  if (status.lost > 0) {
    text += ", " + palette.paint(Style::bad, std::to_string(status.lost) + " lost");
  }
  text += "\n";

  output::Table lost({{"NODE"}, {"LOST", Align::right}, {"WHY", Align::left, Shrink::may}});
  for (const NodeStatus& node : status.nodes) {
    if (node.state == NodeState::ready) continue;
    // Nobody knows how many GPUs a node has that advertises none.
    const bool unknown = node.lost == 0 && node.sum().total == 0;
    lost.add_row({node.name, unknown ? "?" : std::to_string(node.lost), node.problem});
  }
  if (!lost.empty()) text += "\n" + lost.render(palette, width);
  return text;
}

model::Json status_json(const GpuStatus& status) {
  model::Json nodes = model::Json::array();
  for (const NodeStatus& node : status.nodes) {
    model::Json gpus = model::Json::array();
    for (const GpuCount& count : node.gpus) {
      model::Json json = to_json(count, status.usage_known);
      json.emplace("resource", count.resource);
      gpus.push_back(std::move(json));
    }
    model::Json json{{"name", node.name},
                     {"gpus", std::move(gpus)},
                     {"taints", node.taints},
                     {"state", to_string(node.state)},
                     {"lost", node.lost}};
    const auto put = [&json](std::string_view key, const std::string& value) {
      if (!value.empty()) json.emplace(key, value);
    };
    put("product", node.product);
    put("mig", node.mig);
    put("sharing", node.sharing);
    put("driver", node.driver);
    put("label", node.label);
    put("problem", node.problem);
    nodes.push_back(std::move(json));
  }
  model::Json totals = to_json(status.sum, status.usage_known);
  totals.emplace("lost", status.lost);
  totals.emplace("nodes", status.nodes.size());
  return model::Json{
      {"nodes", std::move(nodes)}, {"totals", std::move(totals)}, {"notRead", status.not_read}};
}

}  // namespace kai::gpu
