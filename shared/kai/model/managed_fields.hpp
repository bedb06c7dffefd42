// metadata.managedFields: who set which field. Plain values; pure functions.
//
// Format: https://kubernetes.io/docs/reference/using-api/server-side-apply/ (fieldsV1).
// Paths are given as plain keys: {"metadata", "labels", "nvidia.com/gpu"}.
#pragma once

#include <kai/model/json.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace kai::model {

struct FieldOwner {
  std::string manager;
  std::string operation;    // Apply or Update
  std::string subresource;  // "status"; empty for the object itself
  Json fields;              // fieldsV1; empty when the object came from a list

  // Whether it owns the field at `path` or anything below it.
  [[nodiscard]] bool owns(std::initializer_list<std::string_view> path) const;
  // The keys that it owns directly below `path`: label names below metadata.labels.
  [[nodiscard]] std::vector<std::string> keys_below(
      std::initializer_list<std::string_view> path) const;
  // Every leaf that it owns, as the server writes paths in conflicts:
  // ".metadata.labels.nvidia.com/gpu".
  [[nodiscard]] std::vector<std::string> paths() const;
};

std::vector<FieldOwner> field_owners(const Json& object);

// The entry of one manager and operation ("Apply", "Update"); nullptr when there is none.
const FieldOwner* find_owner(const std::vector<FieldOwner>& owners, std::string_view manager,
                             std::string_view operation);

// The managers that own a field, each once, in the order of the entries.
std::vector<std::string> managers_of(const std::vector<FieldOwner>& owners,
                                     std::initializer_list<std::string_view> path);

}  // namespace kai::model
