#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/gpu_nodes.hpp>
#include <kai/audit/facts/stranded.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>
#include <map>
#include <string_view>

namespace kai::audit {
namespace {

std::map<std::string_view, std::int64_t> allocated_by_node(const Facts& facts) {
  std::map<std::string_view, std::int64_t> allocated;
  for (const Pod& pod : facts.pods) {
    if (pod.node.empty() || pod.finished() || !pod.spec->wants_gpu()) continue;
    allocated[pod.node] += gpu_count(pod.spec->gpus);
  }
  return allocated;
}

std::int64_t amount_at(const std::map<std::string_view, std::int64_t>& amounts,
                       std::string_view node) {
  const auto found = amounts.find(node);
  return found == amounts.end() ? 0 : found->second;
}

std::int64_t allocatable_gpus(const Node& node) {
  return std::min(gpu_count(node.allocatable), gpu_count(node.capacity));
}

}  // namespace

std::vector<const Node*> open_gpu_nodes(const Facts& facts) {
  std::vector<const Node*> open;
  bool any_tainted = false;
  bool other_home = false;
  for (const Node& node : facts.nodes) {
    const bool tainted = !lasting_taints(node).empty();
    if (!advertises_gpus(node)) {
      other_home = other_home || !tainted;
    } else if (tainted) {
      any_tainted = true;
    } else {
      open.push_back(&node);
    }
  }
  if (!any_tainted && !other_home) open.clear();
  return open;
}

std::vector<GpuNode> gpus_by_node(const Facts& facts) {
  std::vector<GpuNode> list;
  const auto allocated = allocated_by_node(facts);
  const std::vector<StrandedNode> stranded = stranded_nodes(facts);
  auto next_stranded = stranded.begin();  // in the order of the nodes, too
  for (const Node& node : facts.nodes) {
    const std::int64_t total = gpu_count(node.capacity);
    if (total == 0) continue;
    GpuNode entry;
    entry.name = node.name();
    for (const Label* label : node.head.labels->items()) {
      if (label->key == model::k_label_gpu_product) {
        entry.product = model::short_product(label->value);
      }
    }
    entry.state = !node.ready() ? "NotReady" : node.unschedulable ? "Cordoned" : "Ready";
    entry.total = total;
    const std::int64_t in_use = amount_at(allocated, node.name());
    if (!node.usable()) {
      // What still runs on a cordoned node is not lost.
      entry.used = node.ready() ? std::min(in_use, total) : 0;
      entry.lost = total - entry.used;
    } else {
      entry.lost = total - allocatable_gpus(node);
      entry.used = std::min(in_use, total - entry.lost);
      entry.free = total - entry.lost - entry.used;
      if (next_stranded != stranded.end() && next_stranded->node == &node) {
        entry.stranded = std::min(next_stranded->stranded, entry.free);
        entry.free -= entry.stranded;
        ++next_stranded;
      }
    }
    list.push_back(std::move(entry));
  }
  return list;
}

GpuSummary summarize_gpus(const Facts& facts) {
  GpuSummary summary;
  const auto allocated = allocated_by_node(facts);
  for (const Node& node : facts.nodes) {
    if (!advertises_gpus(node)) continue;
    summary.allocated += amount_at(allocated, node.name());
    if (node.usable()) summary.allocatable += allocatable_gpus(node);
  }
  for (const GpuNode& node : gpus_by_node(facts)) {
    summary.total += node.total;
    summary.lost += node.lost;
    summary.stranded += node.stranded;
  }
  for (const Node* const node : open_gpu_nodes(facts)) {
    summary.unprotected += gpu_count(node->capacity);
  }
  // With -n the pods of other namespaces are not there to count.
  if (facts.whole_cluster()) {
    summary.usage_known = facts.complete.has(Kind::pod) && facts.only_ns.empty();
  }
  return summary;
}

}  // namespace kai::audit
