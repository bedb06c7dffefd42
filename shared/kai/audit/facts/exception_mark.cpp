#include <kai/audit/facts/exception_mark.hpp>

namespace kai::audit {
namespace {

using model::Json;

// Calls `visit` with each member of an object whose key begins with the prefix.
template <class Visit>
void each_mark(const Json& object, std::string_view member, const Visit& visit) {
  const Json* const map = model::find_path(object, {"metadata", member});
  if (map == nullptr || !map->is_object()) return;
  const auto& members = map->get_ref<const Json::object_t&>();
  // Sorted by key, so these stand together.
  for (auto at = members.lower_bound(k_exception_prefix);
       at != members.end() && at->first.starts_with(k_exception_prefix); ++at) {
    visit(std::string_view(at->first).substr(k_exception_prefix.size()), at->second);
  }
}

}  // namespace

void read_exception_marks(const Json& object, const model::ObjectRef& ref, Origin origin,
                          std::vector<ExceptionMark>& marks) {
  const auto add = [&](ExceptionMark::On on) {
    return [&marks, &ref, origin, on](std::string_view rule, const Json& value) {
      const auto* const text = value.get_ptr<const std::string*>();
      marks.push_back({on, ref, origin, std::string(rule), text == nullptr ? "" : *text});
    };
  };
  each_mark(object, "annotations", add(ExceptionMark::On::annotation));
  each_mark(object, "labels", add(ExceptionMark::On::label));
}

bool has_exception_marks(const Json& object) {
  bool any = false;
  const auto see = [&any](std::string_view, const Json&) { any = true; };
  each_mark(object, "annotations", see);
  each_mark(object, "labels", see);
  return any;
}

}  // namespace kai::audit
