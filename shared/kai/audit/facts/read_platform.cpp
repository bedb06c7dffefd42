#include <kai/audit/facts/operations.hpp>
#include <kai/audit/facts/platform.hpp>
#include <kai/audit/facts/reader.hpp>
#include <kai/model/json.hpp>

#include <algorithm>
#include <tuple>

namespace kai::audit {
namespace {

using model::Json;

bool has_items(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* const list = model::find_path(object, path);
  return list != nullptr && list->is_array() && !list->empty();
}

// Whether the quota has a scope, and of which PriorityClass if that is all of it.
void read_scope(const Json& object, const Head& head, Facts& facts) {
  const bool has_scopes = has_items(object, {"spec", "scopes"});
  const bool has_selector = has_items(object, {"spec", "scopeSelector", "matchExpressions"});
  if (!has_scopes && !has_selector) return;
  QuotaScope scope{head.ns, head.name, {}};
  const auto& terms = array_at(object, {"spec", "scopeSelector", "matchExpressions"});
  if (!has_scopes && terms.size() == 1) {
    const Json& term = terms.front();
    const auto& values = array_at(term, {"values"});
    if (model::string_at(term, {"scopeName"}) == "PriorityClass" &&
        model::string_at(term, {"operator"}) == "In" && values.size() == 1 &&
        values.front().is_string()) {
      scope.priority_class = facts.texts.intern(values.front().get_ref<const std::string&>());
    }
  }
  facts.operations->platform.quota_scopes.push_back(scope);
}

using Amounts = std::vector<std::pair<Text, model::Quantity>>;

// What the item says first counts.
void add_amounts(const Json& item, std::initializer_list<std::string_view> members, Facts& facts,
                 Amounts& amounts) {
  for (const std::string_view member : members) {
    const Json* const found = model::find_path(item, {member});
    if (found == nullptr || !found->is_object()) continue;
    for (const auto& [key, value] : found->get_ref<const Json::object_t&>()) {
      const bool is_known = std::any_of(amounts.begin(), amounts.end(), [&, &name = key](auto& a) {
        return a.first == std::string_view(name);
      });
      const auto amount = model::Quantity::from_json(value);
      if (!is_known && amount) amounts.emplace_back(facts.texts.intern(key), *amount);
    }
  }
}

}  // namespace

const QuotaScope* PlatformFacts::scope_of(std::string_view ns, std::string_view quota) const {
  const auto found =
      std::find_if(quota_scopes.begin(), quota_scopes.end(),
                   [&](const QuotaScope& scope) { return scope.ns == ns && scope.name == quota; });
  return found == quota_scopes.end() ? nullptr : &*found;
}

void read_platform(Kind kind, const Json& object, const Head& head, Facts& facts) {
  PlatformFacts& platform = facts.operations->platform;
  if (!platform.profile) return;
  if (kind == Kind::resource_quota) read_scope(object, head, facts);
  if (kind == Kind::priority_class && model::string_at(object, {"preemptionPolicy"}) == "Never") {
    platform.never_preempting.push_back(head.name);
  }
  if (kind != Kind::limit_range) return;
  ContainerDefaultsFact defaults{head, {}, {}};
  for (const Json& item : array_at(object, {"spec", "limits"})) {
    if (model::string_at(item, {"type"}) != "Container") continue;
    add_amounts(item, {"default", "max"}, facts, defaults.limits);
    add_amounts(item, {"defaultRequest", "default", "max", "min"}, facts, defaults.requests);
  }
  platform.container_defaults.push_back(std::move(defaults));
}

void sort_platform(PlatformFacts& platform) {
  std::sort(platform.container_defaults.begin(), platform.container_defaults.end(),
            [](const ContainerDefaultsFact& a, const ContainerDefaultsFact& b) {
              return std::tuple(a.head.ns.view(), a.head.name.view()) <
                     std::tuple(b.head.ns.view(), b.head.name.view());
            });
}

}  // namespace kai::audit
