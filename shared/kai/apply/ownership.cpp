#include <kai/apply/ownership.hpp>

#include <kai/apply/parallel.hpp>
#include <kai/model/managed_fields.hpp>

#include <algorithm>
#include <optional>

namespace kai::apply {

namespace {

constexpr std::string_view k_managed_by_value = "kubectl-ai";

bool is_ours(const model::FieldOwner& owner) {
  return owner.manager == kube::k_field_manager;
}

bool has_fields_of_ours(const std::vector<model::FieldOwner>& owners) {
  return std::any_of(owners.begin(), owners.end(), is_ours);
}

}  // namespace

std::map<std::string, std::string> ownership_labels(std::string_view component) {
  return {{std::string(k_managed_by_label), std::string(k_managed_by_value)},
          {std::string(k_part_of_label), std::string(component)}};
}

std::string ownership_selector(std::string_view component) {
  std::string selector;
  for (const auto& [key, value] : ownership_labels(component)) {
    selector.append(selector.empty() ? "" : ",").append(key).append("=").append(value);
  }
  return selector;
}

Ownership ownership_of(const model::Resource& object) {
  const auto owners = model::field_owners(object.json());
  if (!has_fields_of_ours(owners)) return Ownership::none;
  if (object.label(k_managed_by_label) != k_managed_by_value) return Ownership::fields;
  return other_managers(object).empty() ? Ownership::whole : Ownership::shared;
}

std::vector<std::string> other_managers(const model::Resource& object) {
  std::vector<std::string> others;
  for (const model::FieldOwner& owner : model::field_owners(object.json())) {
    // Controllers and people update objects of ours (status, a restart); who applies a
    // configuration of his own claims the object.
    if (is_ours(owner) || owner.operation != "Apply" || !owner.subresource.empty()) continue;
    others.push_back(owner.manager);
  }
  return others;
}

bool is_made_by(const model::Resource& object, std::string_view component) {
  if (object.label(k_part_of_label) != component) return false;
  const Ownership ownership = ownership_of(object);
  return ownership == Ownership::whole || ownership == Ownership::shared;
}

void take_back(const model::Resource& object, kube::Force force, std::vector<Step>& steps,
               std::vector<std::string>& notes) {
  const auto others = other_managers(object);
  if (!others.empty() && force == kube::Force::no) {
    notes.push_back(object.ref().to_string() + " stays: \"" + others.front() +
                    "\" applies it as well; --force-conflicts deletes it");
    return;
  }
  steps.push_back({Remove{object.ref(), std::string(object.uid())}, {}});
}

Step release(const model::Resource& object) {
  const model::ObjectRef ref = object.ref();
  model::Json metadata{{"name", ref.name}, {"uid", object.uid()}};
  if (!ref.ns.empty()) metadata.emplace("namespace", ref.ns);
  model::Json config{
      {"apiVersion", ref.api_version}, {"kind", ref.kind}, {"metadata", std::move(metadata)}};
  return {ApplyConfig{model::Resource(std::move(config)), object}, {}};
}

Result<std::vector<model::Resource>> find_owned(kube::Client& client,
                                                const std::vector<model::ObjectRef>& kinds,
                                                std::string_view component) {
  std::vector<Result<std::vector<model::Resource>>> found(kinds.size());
  parallel(kinds.size(), [&](std::size_t i) {
    const model::ObjectRef& kind = kinds[i];
    const auto type = client.resource_type(kind.api_version, kind.kind);
    if (!type) {
      if (type.error().code != ErrorCode::not_found) found[i] = fail(type.error());
      return;
    }
    kube::ListOptions options;
    options.ns = kind.ns;
    options.label_selector = ownership_selector(component);
    found[i] = client.list_all(*type, options);
  });
  std::vector<model::Resource> objects;
  for (auto& result : found) {
    if (!result) return fail(std::move(result).error());
    for (model::Resource& object : *result) {
      // The label can be copied; the field manager tells.
      if (has_fields_of_ours(model::field_owners(object.json()))) {
        objects.push_back(std::move(object));
      }
    }
  }
  return objects;
}

}  // namespace kai::apply
