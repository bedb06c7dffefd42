// Ownership: what this tool has set, and how to take it back.
//
// An object is ours when it carries the managed-by label and our field manager; undo
// deletes it. On objects that are somebody else's we own single fields; undo applies an
// empty configuration, by which the server drops exactly those that no one else owns too.
#pragma once

#include <kai/apply/step.hpp>
#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>
#include <kai/model/resource.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kai::apply {

inline constexpr std::string_view k_managed_by_label = "app.kubernetes.io/managed-by";
inline constexpr std::string_view k_part_of_label = "app.kubernetes.io/part-of";

// The labels of every object that `component` ("kubectl-ai-gpu") creates, and the selector
// that finds them again.
std::map<std::string, std::string> ownership_labels(std::string_view component);
std::string ownership_selector(std::string_view component);

enum class Ownership {
  none,    // we own no field of it
  fields,  // somebody else's object with fields of ours
  whole,   // created by us; no one else has applied to it
  shared,  // created by us, but others have taken or added fields of its spec since
};
Ownership ownership_of(const model::Resource& object);
// The other managers of a shared object.
std::vector<std::string> other_managers(const model::Resource& object);

// Whether `component` has created it: by its labels, which can be copied, and our field
// manager, which tells.
bool is_made_by(const model::Resource& object, std::string_view component);

// Adds the step that deletes an object of ours. One that others apply as well stays, with a
// note, unless forced.
void take_back(const model::Resource& object, kube::Force force, std::vector<Step>& steps,
               std::vector<std::string>& notes);

// Gives up every field of ours on an object that is not ours.
Step release(const model::Resource& object);

// Objects of `types` that `component` created. Kinds that the server does not serve are
// left out.
Result<std::vector<model::Resource>> find_owned(kube::Client& client,
                                                const std::vector<model::ObjectRef>& kinds,
                                                std::string_view component);

}  // namespace kai::apply
