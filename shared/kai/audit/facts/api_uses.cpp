#include <kai/audit/facts/reader.hpp>
#include <kai/audit/facts/time.hpp>
#include <kai/audit/tables.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

using model::Json;

// Parts of Kubernetes itself follow the server; what they once wrote is nobody's work.
bool is_system_manager(std::string_view manager) {
  static constexpr std::array<std::string_view, 6> k_managers = {
      "kube-controller-manager",  "kube-apiserver",          "kube-scheduler", "kubelet",
      "cloud-controller-manager", "storage-version-migrator"};
  return std::find(k_managers.begin(), k_managers.end(), manager) != k_managers.end();
}

// Endpoints are the endpoints controller's, unless somebody wrote them by hand.
bool is_system_work(const Json& managed, const Head& head) {
  if (head.labels->has("endpoints.kubernetes.io/managed-by")) return true;
  return !managed.empty() && std::all_of(managed.begin(), managed.end(), [](const Json& entry) {
    return is_system_manager(model::string_at(entry, {"manager"}));
  });
}

}  // namespace

void read_api_uses(const Json& object, const Head& head, std::vector<ApiUse>& uses) {
  const ApiTable& table = ApiTable::get();
  const Json& managed = array_at(object, {"metadata", "managedFields"});
  if (table.find(head.api_version, head.kind) != nullptr && !is_system_work(managed, head)) {
    uses.push_back({head, head.api_version.str(), {}, 0});
  }
  for (const Json& entry : managed) {
    const std::string_view api_version = model::string_at(entry, {"apiVersion"});
    if (api_version == head.api_version.view()) continue;
    if (table.find(api_version, head.kind) == nullptr) continue;
    const std::string_view manager = model::string_at(entry, {"manager"});
    if (!model::string_at(entry, {"subresource"}).empty() || is_system_manager(manager)) continue;
    const Seconds time = parse_time(model::string_at(entry, {"time"}));
    // The same writer has since moved to another version.
    const bool moved_on = std::any_of(managed.begin(), managed.end(), [&](const Json& other) {
      return model::string_at(other, {"manager"}) == manager &&
             model::string_at(other, {"subresource"}).empty() &&
             table.find(model::string_at(other, {"apiVersion"}), head.kind) == nullptr &&
             parse_time(model::string_at(other, {"time"})) >= time;
    });
    if (!moved_on) uses.push_back({head, std::string(api_version), std::string(manager), time});
  }
}

}  // namespace kai::audit
