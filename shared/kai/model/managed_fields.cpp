#include <kai/model/managed_fields.hpp>

#include <algorithm>

namespace kai::model {

namespace {

// The subtree of fieldsV1 at a path of plain keys.
const Json* descend(const Json& fields, std::initializer_list<std::string_view> path) {
  const Json* at = &fields;
  for (const std::string_view key : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find("f:" + std::string(key));
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at;
}

// `f:name` → ".name", `k:{"name":"x"}` → [name="x"], `v:"x"` → [="x"].
std::string step(const std::string& key) {
  if (key.starts_with("f:")) return "." + key.substr(2);
  if (key.starts_with("v:")) return "[=" + key.substr(2) + "]";
  if (!key.starts_with("k:")) return key;
  const auto parts = parse_json(std::string_view(key).substr(2));
  if (!parts || !parts->is_object()) return "[" + key.substr(2) + "]";
  std::string text = "[";
  for (const auto& [name, value] : parts->items()) {
    if (text.size() > 1) text += ",";
    text += name + "=" + value.dump();
  }
  return text + "]";
}

// Field sets come from the server and are as deep as the objects they describe, which
// parse_json has bounded.
void collect(const Json& fields, const std::string& path, std::vector<std::string>& leaves) {
  bool leaf = true;
  if (fields.is_object()) {
    for (const auto& [key, below] : fields.items()) {
      if (key == ".") continue;  // the object itself
      leaf = false;
      collect(below, path + step(key), leaves);
    }
  }
  if (leaf && !path.empty()) leaves.push_back(path);
}

}  // namespace

bool FieldOwner::owns(std::initializer_list<std::string_view> path) const {
  return descend(fields, path) != nullptr;
}

std::vector<std::string> FieldOwner::keys_below(
    std::initializer_list<std::string_view> path) const {
  std::vector<std::string> keys;
  const Json* at = descend(fields, path);
  if (at == nullptr || !at->is_object()) return keys;
  for (const auto& [key, below] : at->items()) {
    if (key.starts_with("f:")) keys.push_back(key.substr(2));
  }
  return keys;
}

std::vector<std::string> FieldOwner::paths() const {
  std::vector<std::string> leaves;
  collect(fields, "", leaves);
  return leaves;
}

std::vector<FieldOwner> field_owners(const Json& object) {
  std::vector<FieldOwner> owners;
  const Json* entries = find_path(object, {"metadata", "managedFields"});
  if (entries == nullptr || !entries->is_array()) return owners;
  for (const Json& entry : *entries) {
    FieldOwner owner;
    owner.manager = string_at(entry, {"manager"});
    owner.operation = string_at(entry, {"operation"});
    owner.subresource = string_at(entry, {"subresource"});
    const Json* fields = find_path(entry, {"fieldsV1"});
    owner.fields = fields == nullptr ? Json::object() : *fields;
    owners.push_back(std::move(owner));
  }
  return owners;
}

const FieldOwner* find_owner(const std::vector<FieldOwner>& owners, std::string_view manager,
                             std::string_view operation) {
  const auto found = std::find_if(owners.begin(), owners.end(), [&](const FieldOwner& owner) {
    return owner.manager == manager && owner.operation == operation && owner.subresource.empty();
  });
  return found == owners.end() ? nullptr : &*found;
}

std::vector<std::string> managers_of(const std::vector<FieldOwner>& owners,
                                     std::initializer_list<std::string_view> path) {
  std::vector<std::string> managers;
  for (const FieldOwner& owner : owners) {
    if (owner.owns(path) &&
        std::find(managers.begin(), managers.end(), owner.manager) == managers.end()) {
      managers.push_back(owner.manager);
    }
  }
  return managers;
}

}  // namespace kai::model
