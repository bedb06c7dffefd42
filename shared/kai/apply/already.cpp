#include <kai/apply/already.hpp>

#include <kai/kube/client.hpp>
#include <kai/model/managed_fields.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace kai::apply {
namespace {

using model::Json;

constexpr std::string_view k_field = "f:";
constexpr std::string_view k_itself = ".";  // the object as such

// Whether what we own below `owned` is what `config` says, and no more than that. An empty
// `owned` is a value that is owned as a whole.
bool owns_exactly(const Json& owned, const Json& config, const Json& live) {
  if (owned.empty()) return config == live;
  if (!config.is_object() || !live.is_object()) return false;  // a list, merged by keys
  std::size_t fields = 0;
  for (const auto& [key, below] : owned.items()) {
    if (key == k_itself) continue;
    if (!key.starts_with(k_field)) return false;
    const std::string name = key.substr(k_field.size());
    const auto wanted = config.find(name);
    const auto there = live.find(name);
    if (wanted == config.end() || there == live.end()) return false;
    if (!owns_exactly(below, *wanted, *there)) return false;
    ++fields;
  }
  return fields == config.size();
}

// Without what names the object: nobody owns that.
Json fields_of(const model::Resource& config) {
  Json fields = config.json();
  fields.erase("apiVersion");
  fields.erase("kind");
  const auto metadata = fields.find("metadata");
  if (metadata == fields.end() || !metadata->is_object()) return fields;
  for (const char* const key : {"name", "namespace", "uid", "resourceVersion"})
    metadata->erase(key);
  if (metadata->empty()) fields.erase(metadata);
  return fields;
}

}  // namespace

bool is_applied(const model::Resource& live, const model::Resource& config) {
  const std::string_view uid = config.uid();
  if (live.ref() != config.ref() || (!uid.empty() && uid != live.uid())) return false;
  const auto owners = model::field_owners(live.json());
  const model::FieldOwner* ours = nullptr;
  for (const model::FieldOwner& owner : owners) {
    if (owner.manager != kube::k_field_manager || !owner.subresource.empty()) continue;
    if (owner.operation != "Apply" || ours != nullptr) return false;
    ours = &owner;
  }
  const Json wanted = fields_of(config);
  if (ours == nullptr || ours->fields.empty()) return false;
  return owns_exactly(ours->fields, wanted, live.json());
}

}  // namespace kai::apply
