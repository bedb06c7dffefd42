#include <kai/model/diff.hpp>

#include <map>

namespace kai::model {

namespace {

using Items = std::map<std::string, const Json*>;

// The items of a list by name; nullopt when one has none or shares it.
std::optional<Items> by_name(const Json& list) {
  Items items;
  for (const Json& item : list) {
    const std::string_view name = string_at(item, {"name"});
    if (name.empty() || !items.emplace(name, &item).second) return std::nullopt;
  }
  return items;
}

// Maps of scalars (labels, selectors, quantities) that come or go as a whole are told
// key by key: a first label reads like a second one.
bool is_map_of_scalars(const Json& value) {
  if (!value.is_object() || value.empty()) return false;
  for (const Json& entry : value) {
    if (entry.is_structured()) return false;
  }
  return true;
}

void added(const std::string& path, const Json& value, std::vector<Difference>& found) {
  if (!is_map_of_scalars(value)) {
    found.push_back({path, std::nullopt, value});
    return;
  }
  for (const auto& [key, entry] : value.items()) {
    found.push_back({path + "." + key, std::nullopt, entry});
  }
}

void removed(const std::string& path, const Json& value, std::vector<Difference>& found) {
  if (!is_map_of_scalars(value)) {
    found.push_back({path, value, std::nullopt});
    return;
  }
  for (const auto& [key, entry] : value.items()) {
    found.push_back({path + "." + key, entry, std::nullopt});
  }
}

void compare(const std::string& path, const Json& before, const Json& after,
             std::vector<Difference>& found) {
  if (before == after) return;
  if (before.is_object() && after.is_object()) {
    auto a = before.begin();
    auto b = after.begin();
    // Both are sorted by key.
    while (a != before.end() || b != after.end()) {
      if (b == after.end() || (a != before.end() && a.key() < b.key())) {
        removed(path + "." + a.key(), a.value(), found);
        ++a;
      } else if (a == before.end() || b.key() < a.key()) {
        added(path + "." + b.key(), b.value(), found);
        ++b;
      } else {
        compare(path + "." + a.key(), a.value(), b.value(), found);
        ++a;
        ++b;
      }
    }
    return;
  }
  if (before.is_array() && after.is_array()) {
    const auto a = by_name(before);
    const auto b = by_name(after);
    if (a && b && !a->empty() && !b->empty()) {
      Items all = *a;
      all.insert(b->begin(), b->end());
      for (const auto& [name, item] : all) {
        const auto was = a->find(name);
        const auto is = b->find(name);
        const std::string at = path + "[name=\"" + name + "\"]";
        if (was == a->end()) {
          found.push_back({at, std::nullopt, *item});
        } else if (is == b->end()) {
          found.push_back({at, *item, std::nullopt});
        } else {
          compare(at, *was->second, *is->second, found);
        }
      }
      return;
    }
  }
  found.push_back({path, before, after});
}

}  // namespace

std::vector<Difference> diff(const Json& before, const Json& after) {
  std::vector<Difference> found;
  compare("", before, after, found);
  return found;
}

bool covers(const Json& whole, const Json& part) {
  if (part.is_object() && whole.is_object()) {
    for (const auto& [key, value] : part.items()) {
      const auto found = whole.find(key);
      if (found == whole.end() || !covers(*found, value)) return false;
    }
    return true;
  }
  if (part.is_array() && whole.is_array()) {
    const auto wanted = by_name(part);
    const auto present = by_name(whole);
    if (wanted && present) {
      for (const auto& [name, item] : *wanted) {
        const auto found = present->find(name);
        if (found == present->end() || !covers(*found->second, *item)) return false;
      }
      return true;
    }
    if (part.size() != whole.size()) return false;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (!covers(whole.at(i), part.at(i))) return false;
    }
    return true;
  }
  return whole == part;
}

Json without_bookkeeping(Json object) {
  if (!object.is_object()) return object;
  object.erase("status");
  const auto metadata = object.find("metadata");
  if (metadata != object.end() && metadata->is_object()) {
    for (const char* key :
         {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"}) {
      metadata->erase(key);
    }
  }
  return object;
}

}  // namespace kai::model
