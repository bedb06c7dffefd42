#include <kai/model/names.hpp>
#include <kai/model/profile/sections.hpp>

#include <map>

namespace kai::model {

namespace {

using Type = FieldType;

constexpr Field k_priority_class[] = {
    {"name", Type::text},
    {"value", Type::integer},
    {"description", Type::text},
    {"globalDefault", Type::boolean},
    {"preemptionPolicy", Type::text},
};

constexpr std::string_view k_system = "system-";

}  // namespace

std::span<const Field> priority_class_fields() {
  return k_priority_class;
}

std::vector<PriorityClassProfile> read_priority_classes(const ProfileValue& section) {
  std::vector<PriorityClassProfile> classes;
  std::map<std::string, int> lines;
  std::string default_class;
  for (const ProfileValue& item : section.items()) {
    PriorityClassProfile entry;
    entry.location = item.location();
    const ProfileValue name = item.required("name");
    if (auto text = name.text()) {
      entry.name = *std::move(text);
      name.expect(check_dns_subdomain(entry.name));
      if (entry.name.starts_with(k_system)) {
        name.problem("must not begin with system-: such names belong to Kubernetes");
      }
      const auto [first, is_new] = lines.emplace(entry.name, entry.location.line);
      if (!is_new) {
        name.problem("\"" + entry.name + "\" is already in line " + std::to_string(first->second));
      }
    }
    const ProfileValue value = item.required("value");
    if (const auto number = value.integer()) {
      entry.value = *number;
      if (entry.value > k_max_user_priority) {
        value.problem("is " + std::to_string(entry.value) +
                      ", but what is above 1000000000 belongs to Kubernetes");
      } else if (entry.value < k_min_priority) {
        value.problem("is " + std::to_string(entry.value) + ", below the least, -2147483648");
      }
    }
    entry.description = item["description"].text().value_or("");
    const ProfileValue global = item["globalDefault"];
    entry.global_default = global.boolean();
    if (entry.global_default && !default_class.empty()) {
      global.problem("is set a second time, after " + default_class +
                     ": a cluster has one default");
    } else if (entry.global_default) {
      default_class = entry.name.empty() ? item.name() : entry.name;
    }
    entry.preemption_policy = item["preemptionPolicy"].one_of({"PreemptLowerPriority", "Never"});
    classes.push_back(std::move(entry));
  }
  return classes;
}

}  // namespace kai::model
