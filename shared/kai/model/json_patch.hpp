// JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386). Pure functions.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/json.hpp>

namespace kai::model {

// Applies a JSON Patch to `document`, which patches made for `original` may have changed
// before: where such a one has added a member that this one adds, too, the two are joined
// instead of the first being lost. Errors: invalid_input when a path is not there, a test
// fails, or both want to add something else.
Result<Json> apply_json_patch(const Json& original, Json document, const Json& patch);

// Whether a JSON Patch names items of lists by their number, and so means something else
// once the list has changed.
bool names_items(const Json& patch);
// Whether it takes items out of lists, which renumbers the ones behind them.
bool removes_items(const Json& patch);

// The merge patch that makes `after` of `before`. Lists are replaced as a whole.
Json merge_patch_between(const Json& before, const Json& after);

}  // namespace kai::model
