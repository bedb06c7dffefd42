#include <kai/audit/facts/stranded.hpp>

#include <kai/audit/facts/gpu.hpp>
#include <kai/model/gpu.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace kai::audit {
namespace {

struct Usage {
  std::int64_t gpus = 0;
  Room all;
  Room cpu_pods;
};

// Beyond what any node has, and small enough to be added up.
constexpr std::int64_t k_most = std::int64_t{1} << 60U;

Room room_of(const model::Quantity& cpu, const model::Quantity& memory) {
  return {std::clamp<std::int64_t>(cpu.milli_value(), 0, k_most),
          std::clamp<std::int64_t>(memory.value(), 0, k_most)};
}

Room request_of(const PodTemplate& spec) {
  return room_of(model::amount_of(spec.requests, "cpu"), model::amount_of(spec.requests, "memory"));
}

void add(Room& sum, const Room& more) {
  sum.milli_cpu = std::min(sum.milli_cpu + more.milli_cpu, k_most);
  sum.memory = std::min(sum.memory + more.memory, k_most);
}

bool is_cpu_pod(const Pod& pod) {
  if (pod.spec->wants_gpu() || pod.is_static) return false;
  return pod.owner == nullptr || pod.owner->kind != std::string_view("DaemonSet");
}

// The least CPU and memory that any GPU pod here asks for, per GPU. Without any GPU pod to
// go by, only what is used up to the last bit counts.
Room least_need(const Facts& facts) {
  std::optional<Room> least;
  for (const Pod& pod : facts.pods) {
    if (pod.finished() || !pod.spec->wants_gpu()) continue;
    const std::int64_t gpus = gpu_count(pod.spec->gpus);
    if (gpus == 0) continue;
    const Room asked = request_of(*pod.spec);
    const Room each = {asked.milli_cpu / gpus, asked.memory / gpus};
    if (!least) least = each;
    least->milli_cpu = std::min(least->milli_cpu, each.milli_cpu);
    least->memory = std::min(least->memory, each.memory);
  }
  const Room found = least.value_or(Room{});
  return {std::max<std::int64_t>(found.milli_cpu, 1), std::max<std::int64_t>(found.memory, 1)};
}

std::int64_t number_at(const Node& node, std::string_view label) {
  std::int64_t number = 0;
  if (const auto text = node.head.labels->get(label)) {
    std::from_chars(text->data(), text->data() + text->size(), number);
  }
  return std::max<std::int64_t>(number, 0);
}

bool is_shared(const Node& node) {
  const auto by_name = [](const Amount& amount) {
    return model::is_gpu_resource(amount.resource) && amount.resource.view().ends_with(".shared") &&
           !amount.quantity.is_zero();
  };
  return node.hami || number_at(node, model::k_label_gpu_replicas) > 1 ||
         std::any_of(node.capacity.begin(), node.capacity.end(), by_name);
}

// GPUs that nobody uses. A shared GPU is in use with its first share: the others are there
// so that more can be done with it, and need not be taken.
std::int64_t free_gpus(const Node& node, std::int64_t in_use) {
  std::int64_t total = std::min(gpu_count(node.allocatable), gpu_count(node.capacity));
  if (is_shared(node)) total = std::min(total, number_at(node, model::k_label_gpu_count));
  return std::max<std::int64_t>(total - in_use, 0);
}

std::int64_t fitting(const Room& room, const Room& each) {
  return std::max<std::int64_t>(
      std::min(room.milli_cpu / each.milli_cpu, room.memory / each.memory), 0);
}

std::int64_t stranded_gpus(std::int64_t free, std::int64_t in_use, const Room& whole,
                           const Room& left, const Room& need) {
  const std::int64_t possible = fitting(whole, need);
  const std::int64_t fit = fitting(left, need);
  if (possible == 0) return 0;
  // With nothing left, no free GPU is of use. Else those do not count that the node has too
  // little CPU for in any case, as when it advertises many small MIG instances.
  if (fit == 0) return free;
  return std::max<std::int64_t>(std::min(free, possible - in_use) - fit, 0);
}

Room minus(const Room& a, const Room& b) {
  return {a.milli_cpu - b.milli_cpu, a.memory - b.memory};
}

}  // namespace

std::string to_string(const Room& room) {
  const std::int64_t cpu = std::max<std::int64_t>(room.milli_cpu, 0);
  std::string text = cpu % 1000 == 0 ? std::to_string(cpu / 1000) : std::to_string(cpu) + "m";
  text += " CPU and ";
  constexpr std::int64_t k_mebi = std::int64_t{1} << 20U;
  const std::int64_t mebi = std::max<std::int64_t>(room.memory, 0) / k_mebi;
  if (mebi < 1024) return text + std::to_string(mebi) + "Mi memory";
  const std::int64_t tenths = mebi * 10 / 1024;
  text += std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + "Gi memory";
}

std::vector<StrandedNode> stranded_nodes(const Facts& facts) {
  std::vector<StrandedNode> list;
  std::unordered_map<std::string_view, Usage> usage;
  for (const Node& node : facts.nodes) {
    if (node.usable() && gpu_count(node.allocatable) > 0) usage.try_emplace(node.name());
  }
  if (usage.empty()) return list;
  for (const Pod& pod : facts.pods) {
    if (pod.node.empty() || pod.finished()) continue;
    const auto found = usage.find(pod.node);
    if (found == usage.end()) continue;
    const Room asked = request_of(*pod.spec);
    found->second.gpus += gpu_count(pod.spec->gpus);
    add(found->second.all, asked);
    if (is_cpu_pod(pod)) add(found->second.cpu_pods, asked);
  }
  const Room need = least_need(facts);
  std::unordered_map<std::string_view, std::size_t> places;
  for (const Node& node : facts.nodes) {
    const auto found = usage.find(node.name());
    if (found == usage.end()) continue;
    const Usage& used = found->second;
    const Room whole =
        room_of(amount_of(node.allocatable, "cpu"), amount_of(node.allocatable, "memory"));
    // A node that does not say how much it has is not judged.
    if (whole.milli_cpu == 0 || whole.memory == 0) continue;
    StrandedNode entry;
    entry.node = &node;
    entry.free = free_gpus(node, used.gpus);
    entry.left = minus(whole, used.all);
    entry.needed = need;
    entry.cpu_pods = used.cpu_pods;
    entry.stranded = stranded_gpus(entry.free, used.gpus, whole, entry.left, need);
    if (entry.stranded == 0) continue;
    Room without = entry.left;
    add(without, used.cpu_pods);
    entry.without_cpu_pods = stranded_gpus(entry.free, used.gpus, whole, without, need);
    places.emplace(node.name(), list.size());
    list.push_back(std::move(entry));
  }
  if (list.empty()) return list;
  for (const Pod& pod : facts.pods) {
    if (pod.node.empty() || pod.finished() || !is_cpu_pod(pod)) continue;
    const auto place = places.find(pod.node);
    if (place != places.end()) list[place->second].pods.push_back(&pod);
  }
  for (StrandedNode& entry : list) {
    const bool short_of_cpu =
        entry.left.milli_cpu / need.milli_cpu <= entry.left.memory / need.memory;
    std::stable_sort(entry.pods.begin(), entry.pods.end(), [&](const Pod* a, const Pod* b) {
      const Room left = request_of(*a->spec);
      const Room right = request_of(*b->spec);
      return short_of_cpu ? left.milli_cpu > right.milli_cpu : left.memory > right.memory;
    });
  }
  return list;
}

}  // namespace kai::audit
