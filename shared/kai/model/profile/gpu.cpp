#include <kai/model/names.hpp>
#include <kai/model/profile/sections.hpp>
#include <kai/model/taint.hpp>

#include <set>

namespace kai::model {

namespace {

using Type = FieldType;

constexpr Field k_node_selector[] = {{"selector", Type::text}};

constexpr Field k_gpu[] = {
    {"nodes", Type::nodes, k_node_selector},
    {"labels", Type::text_map},
    {"taint", Type::text},
    {"stack", Type::text},
    {"timeSlicing", Type::integer},
    {"mps", Type::integer},
    {"migStrategy", Type::text},
};

void read_nodes(const ProfileValue& nodes, GpuProfile& gpu) {
  std::set<std::string> seen;
  for (const ProfileValue& item : nodes.items()) {
    auto name = item.text();
    if (!name) continue;
    item.expect(check_dns_subdomain(*name));
    if (!seen.insert(*name).second) item.problem("names \"" + *name + "\" a second time");
    gpu.nodes.push_back(*std::move(name));
  }
  const ProfileValue selector = nodes["selector"];
  gpu.selector = selector.text();
  if (!gpu.selector) return;
  const auto parsed = LabelSelector::parse(*gpu.selector);
  if (!parsed) {
    selector.problem("is no label selector: " + parsed.error().message);
  } else if (parsed->empty()) {
    selector.problem("must not be empty: it would select every node");
  }
}

std::optional<std::int64_t> read_replicas(const ProfileValue& value, std::int64_t most) {
  const auto replicas = value.integer();
  if (replicas && (*replicas < 2 || *replicas > most)) {
    value.problem("is " + std::to_string(*replicas) + ", but a GPU is shared by 2 to " +
                  std::to_string(most) + " pods");
  }
  return replicas;
}

}  // namespace

std::span<const Field> gpu_fields() {
  return k_gpu;
}

GpuProfile read_gpu(const ProfileValue& section) {
  GpuProfile gpu;
  read_nodes(section["nodes"], gpu);
  if (const ProfileValue labels = section["labels"]; labels.is_present()) {
    gpu.labels = labels.text_map();
    for (const auto& [key, value] : labels.members()) {
      value.expect(check_label_key(key));
      if (const auto text = value.text()) value.expect(check_label_value(*text));
    }
  }
  const ProfileValue taint = section["taint"];
  gpu.taint = taint.text();
  if (gpu.taint && gpu.taint != "none") {
    const auto parsed = Taint::parse(*gpu.taint);
    if (!parsed) taint.expect(fail(parsed.error()));
  }
  gpu.stack = section["stack"].one_of({"device-plugin", "operator", "none"});
  gpu.time_slicing = read_replicas(section["timeSlicing"], k_max_time_slices);
  gpu.mps = read_replicas(section["mps"], k_max_mps_clients);
  gpu.mig_strategy = section["migStrategy"].one_of({"none", "single", "mixed"});
  if (gpu.time_slicing && gpu.mps) section["mps"].problem("and timeSlicing exclude each other");
  if (gpu.mps && gpu.mig_strategy && gpu.mig_strategy != "none") {
    section["mps"].problem("does not work with MIG: leave one of them out");
  }
  return gpu;
}

}  // namespace kai::model
