// Editing YAML and JSON text: changes what has to change and leaves every other byte as it
// is: comments, order, indentation, quotes, line ends. Pure; thread-safe.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/json.hpp>

#include <string>
#include <string_view>

namespace kai::model {

// Rewrites `text`, one YAML or JSON document, so that it reads as `after`. Nothing is
// written through an alias or a merge key, and nothing that aliases share. The result has
// been read again and is exactly `after`. Errors: invalid_input, with the line, where that
// cannot be done without losing a comment or changing something else, too.
Result<std::string> edit_yaml(std::string_view text, const Json& after);

}  // namespace kai::model
