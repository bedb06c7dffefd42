// ExceptionMark: an exception that somebody wrote on an object. A plain value.
#pragma once

#include <kai/audit/finding.hpp>
#include <kai/model/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

// "except.kubectl-ai/<rule>" is the key of an annotation, or of a label.
inline constexpr std::string_view k_exception_prefix = "except.kubectl-ai/";

struct ExceptionMark {
  enum class On { annotation, label } on = On::annotation;
  model::ObjectRef object;
  Origin origin;
  std::string rule;  // what follows the prefix
  std::string text;  // the value, as it was written

  // A label of a Namespace speaks for everything in it.
  [[nodiscard]] bool for_namespace() const { return on == On::label && object.kind == "Namespace"; }
};

// Appends the marks of an object.
void read_exception_marks(const model::Json& object, const model::ObjectRef& ref, Origin origin,
                          std::vector<ExceptionMark>& marks);
// Whether it has any, without making anything.
bool has_exception_marks(const model::Json& object);

}  // namespace kai::audit
