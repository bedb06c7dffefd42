#include <kai/audit/source/object_store.hpp>

#include <kai/audit/facts/time.hpp>
#include <kai/audit/source/reduce.hpp>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace kai::audit {
namespace {

using model::Json;

std::string key_of(std::string_view ns, std::string_view name) {
  std::string key(ns);
  key += '\0';
  key += name;
  return key;
}

std::string_view name_of(std::string_view key) {
  return key.substr(key.find('\0') + 1);
}

// Takes a text out of an object.
std::string take(Json& object, const char* parent, const char* key) {
  const auto holder = object.find(parent);
  if (holder == object.end() || !holder->is_object()) return {};
  const auto found = holder->find(key);
  if (found == holder->end() || !found->is_string()) return {};
  std::string text = std::move(found->get_ref<std::string&>());
  holder->erase(found);
  return text;
}

}  // namespace

ObjectStore::Text* ObjectStore::use(std::string text) {
  text.shrink_to_fit();
  Text& shared = *m_texts.try_emplace(std::move(text), 0).first;
  ++shared.second;
  return &shared;
}

void ObjectStore::release(Text* text) {
  if (--text->second == 0) m_texts.erase(m_texts.find(text->first));
}

bool ObjectStore::put(Kind kind, Json&& object) {
  if (!object.is_object()) return false;
  reduce(kind, object);
  std::string key =
      key_of(model::string_at(object, {"metadata", "namespace"}), take(object, "metadata", "name"));
  Objects& objects = of(kind);
  Entry entry;
  entry.created = parse_time(take(object, "metadata", "creationTimestamp"));
  entry.node = use(kind == Kind::pod ? take(object, "spec", "nodeName") : std::string());
  entry.form = use(model::to_json(object));
  entry.list = objects.list;
  const auto [at, is_new] = objects.entries.try_emplace(std::move(key));
  const Entry before = std::exchange(at->second, entry);
  if (is_new) return true;
  release(before.form);
  release(before.node);
  return before.form != entry.form || before.node != entry.node || before.created != entry.created;
}

bool ObjectStore::remove(Kind kind, std::string_view ns, std::string_view name) {
  auto& entries = of(kind).entries;
  const auto found = entries.find(key_of(ns, name));
  if (found == entries.end()) return false;
  release(found->second.form);
  release(found->second.node);
  entries.erase(found);
  return true;
}

void ObjectStore::begin_list(Kind kind) {
  ++of(kind).list;
}

bool ObjectStore::end_list(Kind kind) {
  Objects& objects = of(kind);
  const std::size_t gone = std::erase_if(objects.entries, [&](const auto& entry) {
    if (entry.second.list == objects.list) return false;
    release(entry.second.form);
    release(entry.second.node);
    return true;
  });
  return gone > 0;
}

bool ObjectStore::clear(Kind kind) {
  begin_list(kind);
  return end_list(kind);
}

void ObjectStore::add_to(FactsBuilder& builder) const {
  using Object = std::unordered_map<std::string, Entry>::value_type;
  std::vector<const Object*> sorted;
  for (const KindInfo& kind : all_kinds()) {
    const auto& entries = m_objects[static_cast<std::size_t>(kind.kind)].entries;
    sorted.clear();
    sorted.reserve(entries.size());
    for (const Object& object : entries) sorted.push_back(&object);
    // Objects of one form stand together.
    std::sort(sorted.begin(), sorted.end(), [](const Object* a, const Object* b) {
      return std::less<>()(a->second.form, b->second.form);
    });
    const Text* form = nullptr;
    Json object;
    for (const Object* const each : sorted) {
      const Entry& entry = each->second;
      if (entry.form != form) {
        form = entry.form;
        auto parsed = model::parse_json(form->first);
        if (!parsed) continue;  // never: it was written by to_json()
        object = *std::move(parsed);
      }
      Json& metadata = object["metadata"];
      metadata["name"] = name_of(each->first);
      metadata["creationTimestamp"] = format_time(entry.created);
      // Empty is as good as absent, and leaves nothing of the object before.
      const auto spec = object.find("spec");
      if (kind.kind == Kind::pod && spec != object.end() && spec->is_object()) {
        (*spec)["nodeName"] = entry.node->first;
      }
      builder.add(object, kind.api_version, kind.name);
    }
  }
}

std::size_t ObjectStore::size() const {
  std::size_t size = 0;
  for (const Objects& objects : m_objects) size += objects.entries.size();
  return size;
}

}  // namespace kai::audit
