// Documents: what -o json and -o yaml print. Every one carries
// `apiVersion: kubectl-ai/v1alpha1` and a kind. Pure functions.
#pragma once

#include <kai/model/json.hpp>

#include <string>
#include <string_view>

namespace kai::output {

inline constexpr std::string_view k_api_version = "kubectl-ai/v1alpha1";

enum class DocumentFormat { json, yaml };

// `body` (an object) as a whole document, with a newline at its end. JSON is indented
// by two spaces. Text from a cluster keeps its meaning but cannot harm a terminal:
// control and bidirectional characters are written as escapes; broken UTF-8 becomes
// U+FFFD.
std::string render_document(DocumentFormat format, std::string_view kind, model::Json body);
// The same without apiVersion and kind added, for objects that have their own.
std::string render_object(DocumentFormat format, const model::Json& object);
// JSON in one line, as safe as the others.
std::string compact_json(const model::Json& json);

}  // namespace kai::output
