#include <kai/apply/admission.hpp>
#include <kai/apply/parallel.hpp>
#include <kai/model/json.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <initializer_list>
#include <string_view>

namespace kai::apply {
namespace {

using model::Json;

constexpr std::array<std::string_view, 4> k_configurations = {
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io"};

bool has_any(const Json& rule, std::string_view key,
             std::initializer_list<std::string_view> words) {
  const Json* const list = model::find_path(rule, {key});
  if (list == nullptr || !list->is_array()) return false;
  return std::any_of(list->begin(), list->end(), [&](const Json& item) {
    return item.is_string() &&
           std::find(words.begin(), words.end(), item.get_ref<const std::string&>()) != words.end();
  });
}

bool covers(const Json& rule, const kube::ResourceType& kind) {
  return has_any(rule, "operations", {"CREATE", "*"}) &&
         has_any(rule, "apiGroups", {kind.group, "*"}) &&
         has_any(rule, "resources", {kind.plural, kind.plural + "/*", "*", "*/*"});
}

// A binding says in its policy, not in itself, what it is about.
bool concerns(const Json& configuration, std::span<const kube::ResourceType> kinds) {
  const Json* const webhooks = model::find_path(configuration, {"webhooks"});
  if (webhooks == nullptr) return configuration.contains("spec");
  for (const Json& webhook : *webhooks) {
    const Json* const rules = model::find_path(webhook, {"rules"});
    if (rules == nullptr || !rules->is_array()) continue;
    for (const Json& rule : *rules) {
      if (std::any_of(kinds.begin(), kinds.end(),
                      [&](const auto& kind) { return covers(rule, kind); })) {
        return true;
      }
    }
  }
  return false;
}

bool has_none(kube::Client& client, std::string_view configurations,
              std::span<const kube::ResourceType> kinds) {
  const auto type = client.find_resource(configurations);
  if (!type) return type.error().code == ErrorCode::not_found;
  bool found = false;
  const auto listed =
      client.list(*type, kube::ListOptions(), [&](model::Resource&& configuration) -> Result<> {
        found = found || concerns(configuration.json(), kinds);
        return {};
      });
  return listed && !found;
}

}  // namespace

bool admits_alike_everywhere(kube::Client& client, std::span<const kube::ResourceType> kinds) {
  std::atomic<bool> alike = true;
  parallel(k_configurations.size(), [&](std::size_t i) {
    if (!has_none(client, k_configurations.at(i), kinds)) alike = false;
  });
  return alike;
}

}  // namespace kai::apply
