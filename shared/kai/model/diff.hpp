// What changed between two states of an object, field by field. Pure functions.
#pragma once

#include <kai/model/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kai::model {

struct Difference {
  std::string path;            // as the server writes paths: ".spec.containers[name=\"a\"].image"
  std::optional<Json> before;  // nullopt: the field was not there
  std::optional<Json> after;   // nullopt: the field goes away
};

// In the order of the fields' names. Lists whose items all have a distinct "name" are
// compared item by item; other lists differ as a whole.
std::vector<Difference> diff(const Json& before, const Json& after);

// Whether every field of `part` is in `whole` with the same value; items of lists are
// looked for by "name" where they have one.
bool covers(const Json& whole, const Json& part);

// Without what the server keeps for itself: status, managedFields, resourceVersion,
// generation, uid and creationTimestamp.
Json without_bookkeeping(Json object);

}  // namespace kai::model
