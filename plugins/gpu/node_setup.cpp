#include "node_setup.hpp"

#include <kai/apply/ownership.hpp>
#include <kai/model/managed_fields.hpp>

#include <algorithm>

namespace kai::gpu {

namespace {

using model::Json;
using model::Resource;
using model::Taint;

// The taints as they stand in the object: other fields of an item (timeAdded) and the
// order are kept.
Json raw_taints(const Resource& node) {
  const Json* taints = model::find_path(node.json(), {"spec", "taints"});
  return taints != nullptr && taints->is_array() ? *taints : Json::array();
}

bool same_slot(const Taint& a, const Taint& b) {
  return a.key == b.key && a.effect == b.effect;
}

// The position of a taint; of one with the same key and effect if `any_value`.
std::optional<std::size_t> find_taint(const Json& taints, const Taint& wanted, bool any_value) {
  for (std::size_t i = 0; i < taints.size(); ++i) {
    const Taint taint = Taint::from_json(taints.at(i));
    if (same_slot(taint, wanted) && (any_value || taint.value == wanted.value)) return i;
  }
  return std::nullopt;
}

bool contains(const std::vector<Taint>& taints, const Taint& taint) {
  return std::find(taints.begin(), taints.end(), taint) != taints.end();
}

std::optional<Taint> take_slot(std::vector<Taint>& taints, const Taint& slot) {
  const auto found = std::find_if(taints.begin(), taints.end(),
                                  [&](const Taint& taint) { return same_slot(taint, slot); });
  if (found == taints.end()) return std::nullopt;
  Taint taken = *found;
  taints.erase(found);
  return taken;
}

void erase_at(Json& list, std::size_t index) {
  list.erase(list.begin() + static_cast<Json::difference_type>(index));
}

// Removes a taint of ours, or puts back what it took the place of.
void take_back(Json& taints, const Taint& ours, NodeRecord& record) {
  const std::optional<Taint> former = take_slot(record.replaced_taints, ours);
  const auto at = find_taint(taints, ours, false);
  if (!at) return;
  if (former) {
    taints.at(*at) = former->to_json();
  } else {
    erase_at(taints, *at);
  }
}

NodeRecord record_of(const Resource& node) {
  const auto annotation = node.annotation(k_record_annotation);
  return annotation ? NodeRecord::parse(*annotation) : NodeRecord{};
}

Json strings(const std::vector<Taint>& taints) {
  Json list = Json::array();
  for (const Taint& taint : taints) list.push_back(taint.to_string());
  return list;
}

std::vector<Taint> parse_taints(const Json& record, std::string_view key) {
  std::vector<Taint> taints;
  const Json* list = model::find_path(record, {key});
  if (list == nullptr || !list->is_array()) return taints;
  for (const Json& text : *list) {
    if (!text.is_string()) continue;
    if (auto taint = Taint::parse(text.get<std::string>())) taints.push_back(*std::move(taint));
  }
  return taints;
}

// Someone who applies a whole list of taints would undo ours at his next turn.
std::vector<Cause> taint_appliers(const Resource& node) {
  std::vector<Cause> causes;
  for (const model::FieldOwner& owner : model::field_owners(node.json())) {
    if (owner.operation != "Apply" || owner.manager == kube::k_field_manager ||
        !owner.owns({"spec", "taints"})) {
      continue;
    }
    causes.push_back(
        {"FieldManagerConflict", ".spec.taints", "conflict with \"" + owner.manager + "\""});
  }
  return causes;
}

// Whether a label is ours: applied by us. Another manager may own it as well.
bool is_our_label(const std::vector<model::FieldOwner>& owners, std::string_view key) {
  const model::FieldOwner* ours = model::find_owner(owners, kube::k_field_manager, "Apply");
  return ours != nullptr && ours->owns({"metadata", "labels", key});
}

// The merge patch from one state of taints and record to another.
std::optional<Json> patch_between(const Resource& node, const Json& taints,
                                  const NodeRecord& record, Json labels) {
  Json patch = Json::object();
  if (taints != raw_taints(node)) {
    // Without the last taint the field goes as well, as it was before the first.
    patch.merge_patch(Json{{"spec", {{"taints", Json::array()}}}});
    patch.at("spec").at("taints") = taints.empty() ? Json() : taints;
  }
  if (record != record_of(node) ||
      (record.empty() && node.annotation(k_record_annotation).has_value())) {
    Json annotations = Json::object();
    annotations.emplace(k_record_annotation, record.empty() ? Json() : Json(record.to_string()));
    Json metadata = Json::object();
    metadata.emplace("annotations", std::move(annotations));
    patch.emplace("metadata", std::move(metadata));
  }
  if (!labels.empty()) {
    if (!patch.contains("metadata")) patch.emplace("metadata", Json::object());
    patch.at("metadata").emplace("labels", std::move(labels));
  }
  if (patch.empty()) return std::nullopt;
  return patch;
}

Json node_config(const Resource& node, const model::Labels& labels) {
  Json metadata{{"name", node.name()}, {"uid", node.uid()}};
  if (!labels.empty()) metadata.emplace("labels", labels);
  return Json{{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", std::move(metadata)}};
}

}  // namespace

NodeRecord NodeRecord::parse(std::string_view annotation) {
  NodeRecord record;
  const auto json = model::parse_json(annotation);
  if (!json) return record;
  record.taints = parse_taints(*json, "taints");
  record.replaced_taints = parse_taints(*json, "replacedTaints");
  if (const Json* labels = model::find_path(*json, {"replacedLabels"});
      labels != nullptr && labels->is_object()) {
    for (const auto& [key, value] : labels->items()) {
      if (value.is_string()) record.replaced_labels.emplace(key, value.get<std::string>());
    }
  }
  return record;
}

std::string NodeRecord::to_string() const {
  Json json = Json::object();
  if (!taints.empty()) json.emplace("taints", strings(taints));
  if (!replaced_taints.empty()) json.emplace("replacedTaints", strings(replaced_taints));
  if (!replaced_labels.empty()) json.emplace("replacedLabels", replaced_labels);
  return json.dump();
}

bool NodeRecord::empty() const {
  return taints.empty() && replaced_taints.empty() && replaced_labels.empty();
}

std::optional<Taint> new_taint(const std::vector<Taint>& present, const NodeWish& wish) {
  if (!wish.taint) return std::nullopt;
  for (const Taint& taint : present) {
    if (taint == *wish.taint) return std::nullopt;
    if (same_slot(taint, *wish.taint) && wish.existing_taint == ExistingTaint::accept) {
      return std::nullopt;
    }
  }
  return wish.taint;
}

Result<std::optional<Json>> edit_for_setup(const Resource& node, const NodeWish& wish) {
  NodeRecord record = record_of(node);
  Json taints = raw_taints(node);

  // Taints of ours that are no longer wished go; those that someone removed are forgotten.
  const std::vector<Taint> before = record.taints;
  record.taints.clear();
  for (const Taint& ours : before) {
    const bool wished = wish.taint && ours == *wish.taint;
    if (!find_taint(taints, ours, false)) {
      take_slot(record.replaced_taints, ours);
    } else if (wished) {
      record.taints.push_back(ours);
    } else {
      take_back(taints, ours, record);
    }
  }

  if (wish.taint && !contains(record.taints, *wish.taint) &&
      !find_taint(taints, *wish.taint, false)) {
    const auto other = find_taint(taints, *wish.taint, true);
    if (!other) {
      taints.push_back(wish.taint->to_json());
      record.taints.push_back(*wish.taint);
    } else if (wish.existing_taint == ExistingTaint::conflict) {
      const Taint former = Taint::from_json(taints.at(*other));
      if (wish.force == kube::Force::no) {
        Error error(ErrorCode::conflict,
                    "the node has taint " + former.to_string() + ", which is not ours");
        const auto managers =
            model::managers_of(model::field_owners(node.json()), {"spec", "taints"});
        error.causes.push_back(
            {"FieldManagerConflict", ".spec.taints[" + former.to_string() + "]",
             managers.empty() ? std::string() : "conflict with \"" + managers.back() + "\""});
        return fail(std::move(error));
      }
      record.replaced_taints.push_back(former);
      record.taints.push_back(*wish.taint);
      taints.at(*other) = wish.taint->to_json();
    }
  }

  // Labels that the following apply takes over from others are remembered here, before.
  const auto owners = model::field_owners(node.json());
  for (const auto& [key, value] : wish.labels) {
    const auto present = node.label(key);
    if (present && *present != value && !is_our_label(owners, key)) {
      record.replaced_labels.try_emplace(key, *present);
    }
  }
  if (wish.force == kube::Force::no) record.replaced_labels = record_of(node).replaced_labels;

  if (wish.force == kube::Force::no && taints != raw_taints(node)) {
    std::vector<Cause> causes = taint_appliers(node);
    if (!causes.empty()) {
      Error error(ErrorCode::conflict, "another manager applies the node's taints");
      error.causes = std::move(causes);
      return fail(std::move(error));
    }
  }
  return patch_between(node, taints, record, Json::object());
}

Result<std::optional<Json>> edit_for_undo(const Resource& node) {
  NodeRecord record = record_of(node);
  Json taints = raw_taints(node);
  for (const Taint& ours : record.taints) take_back(taints, ours, record);
  Json labels = Json::object();
  const auto owners = model::field_owners(node.json());
  for (const auto& [key, former] : record.replaced_labels) {
    // Unless someone has changed it since, in which case it is no longer ours to restore.
    if (!node.label(key) || is_our_label(owners, key)) labels.emplace(key, former);
  }
  return patch_between(node, taints, NodeRecord{}, std::move(labels));
}

std::vector<apply::Step> setup_steps(const Resource& node, const NodeWish& wish) {
  const auto owners = model::field_owners(node.json());
  model::Labels config;
  for (const auto& [key, value] : wish.labels) {
    if (node.label(key) != value || is_our_label(owners, key)) config.emplace(key, value);
  }
  std::vector<apply::Step> steps;
  steps.push_back(
      {apply::GuardedEdit{
           node.ref(), [wish](const Resource& live) { return edit_for_setup(live, wish); }, node},
       {}});
  if (!config.empty() || model::find_owner(owners, kube::k_field_manager, "Apply") != nullptr) {
    steps.push_back({apply::ApplyConfig{Resource(node_config(node, config)), node}, {}});
  }
  return steps;
}

std::vector<apply::Step> undo_steps(const Resource& node) {
  std::vector<apply::Step> steps;
  if (node.annotation(k_record_annotation)) {
    steps.push_back({apply::GuardedEdit{node.ref(), edit_for_undo, node}, {}});
  }
  if (model::find_owner(model::field_owners(node.json()), kube::k_field_manager, "Apply") !=
      nullptr) {
    steps.push_back(apply::release(node));
  }
  return steps;
}

}  // namespace kai::gpu
