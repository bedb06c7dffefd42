// Keepers: whoever makes an object what it is, again and again, so that what others change
// in it is undone. Pure functions over an object as the server returns it.
#pragma once

#include <kai/apply/change.hpp>
#include <kai/model/resource.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kai::apply {

struct Keeper {
  std::string who;     // "Helm release ml/train"
  std::string change;  // what to change instead: "its values or its chart"
};

// A controller that owns the object, Helm, Argo CD, Flux, or whom the label
// app.kubernetes.io/managed-by names; not kubectl and not this program.
std::optional<Keeper> keeper_of(const model::Resource& object);

// Those of `fields` that another manager has applied: its next apply takes them back, or is
// refused. Wants metadata.managedFields.
std::vector<Conflict> applied_by_others(const model::Resource& object,
                                        const std::vector<model::Difference>& fields);

}  // namespace kai::apply
