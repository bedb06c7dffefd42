#include <kai/audit/facts/facts.hpp>
#include <kai/audit/facts/operations.hpp>

#include <algorithm>
#include <charconv>

namespace kai::audit {
namespace {

template <class T>
const T* find_by_name(const std::vector<T>& sorted, std::string_view name) {
  const auto found = std::lower_bound(
      sorted.begin(), sorted.end(), name,
      [](const T& entry, std::string_view n) { return entry.head.name.view() < n; });
  return found != sorted.end() && found->head.name == name ? &*found : nullptr;
}

}  // namespace

KubeVersion KubeVersion::parse(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  KubeVersion version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return {};
  int minor = 0;
  const auto rest = std::from_chars(major.ptr + 1, end, minor);
  if (rest.ec != std::errc() || minor < 0 ||
      (rest.ptr != end && *rest.ptr != '.' && *rest.ptr != '+')) {
    return {};
  }
  version.minor = minor;
  return version;
}

std::string KubeVersion::to_string() const {
  return known() ? std::to_string(major) + "." + std::to_string(minor) : "unknown";
}

model::ObjectRef Head::ref() const {
  return {api_version.str(), kind.str(), ns.str(), name.str()};
}

model::Quantity amount_of(const Amounts& amounts, std::string_view resource) {
  for (const Amount& amount : amounts) {
    if (amount.resource == resource) return amount.quantity;
  }
  return {};
}

model::Resources to_resources(const Amounts& amounts) {
  model::Resources resources;
  for (const Amount& amount : amounts) resources.emplace(amount.resource.view(), amount.quantity);
  return resources;
}

FieldPath Container::path() const {
  return FieldPath() / (init ? "initContainers" : "containers") / std::size_t{index};
}

model::ObjectRef Pod::ref() const {
  return {"v1", "Pod", ns.str(), name.str()};
}

model::Node Node::to_model() const {
  model::Node node;
  node.name = head.name.str();
  node.labels = head.labels->to_map();
  node.taints = taints;
  node.unschedulable = unschedulable;
  node.deleting = head.deleting;
  node.capacity = to_resources(capacity);
  node.allocatable = to_resources(allocatable);
  node.kubelet_version = kubelet_version.str();
  if (!ready_status.empty()) {
    node.conditions.push_back(
        {"Ready", ready_status.str(), ready_reason.str(), ready_message.str(), {}});
  }
  return node;
}

bool NetworkPolicy::Port::covers(std::string_view wanted_protocol, int wanted_number,
                                 std::string_view wanted_name) const {
  if (protocol != wanted_protocol) return false;
  if (!name.empty()) return name == wanted_name;
  if (!number) return true;
  return wanted_number >= *number && wanted_number <= end.value_or(*number);
}

bool NetworkPolicy::Rule::opens(std::string_view protocol, int number,
                                std::string_view name) const {
  return ports.empty() || std::any_of(ports.begin(), ports.end(), [&](const Port& port) {
           return port.covers(protocol, number, name);
         });
}

const ControlPlanePod::Flag* ControlPlanePod::flag(std::string_view name) const {
  const auto found =
      std::find_if(flags.begin(), flags.end(), [&](const Flag& flag) { return flag.name == name; });
  return found == flags.end() ? nullptr : &*found;
}

Facts::Facts() : operations(std::make_unique<Operations>()) {}
Facts::~Facts() = default;
Facts::Facts(Facts&&) noexcept = default;
Facts& Facts::operator=(Facts&&) noexcept = default;

const Node* Facts::node(std::string_view name) const {
  return find_by_name(nodes, name);
}
const Pod* Facts::pod(std::string_view ns, std::string_view name) const {
  const std::pair wanted(ns, name);
  const auto place = [](const Pod& pod) { return std::pair(pod.ns.view(), pod.name.view()); };
  const auto found =
      std::lower_bound(pods.begin(), pods.end(), wanted,
                       [&](const Pod& pod, const auto& value) { return place(pod) < value; });
  return found != pods.end() && place(*found) == wanted ? &*found : nullptr;
}
const Namespace* Facts::find_namespace(std::string_view name) const {
  return find_by_name(namespaces, name);
}

}  // namespace kai::audit
