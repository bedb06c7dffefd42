// Step: one write to one object, before it is decided whether it is needed.
//
// Steps are values; the edit function inside is called from the Applier's threads and
// must be pure.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/resource.hpp>

#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace kai::apply {

// Server-side apply of `config`: exactly the fields that shall be ours. Fields that were
// ours and are not in it any more are given up. With metadata.uid in `config` the object
// has to exist; it is never created.
struct ApplyConfig {
  model::Resource config;
  // The object as the caller has just read it, to save the planner a request.
  std::optional<model::Resource> live;
  // The caller has just read that there is no such object, that its namespace is there (or
  // comes with the same plan), and that no quota in it could refuse the object.
  bool is_new = false;
};

// Given the object as it is, the merge patch that makes it as it should be, or nullopt
// when it already is. Called again with a fresh object after each conflict.
using EditFunction = std::function<Result<std::optional<model::Json>>(const model::Resource&)>;

// For fields that server-side apply can only take as a whole, like a node's taints: the
// patch carries the resourceVersion that it was made for, so a concurrent writer makes it
// fail instead of losing what he wrote, and it is made again.
struct GuardedEdit {
  model::ObjectRef ref;
  EditFunction edit;
  std::optional<model::Resource> live;
};

// Deletes the object, and no other of the same name that may have come since.
struct Remove {
  model::ObjectRef ref;
  std::string uid;
};

using StepAction = std::variant<ApplyConfig, GuardedEdit, Remove>;

struct Step {
  StepAction action;
  std::string note;  // becomes the Change's
};

model::ObjectRef ref_of(const Step& step);

}  // namespace kai::apply
