#include "permissions.hpp"

#include <kai/apply/parallel.hpp>
#include <kai/model/json.hpp>

#include <optional>
#include <utility>

namespace kai::ai {

namespace {

Result<bool> is_allowed(kube::Client& client, const kube::ResourceType& type,
                        std::string_view verb) {
  const model::Json attributes = {
      {"verb", verb}, {"group", type.group}, {"version", type.version}, {"resource", type.plural}};
  KAI_TRY_ASSIGN(
      const model::Resource answer,
      client.create(model::Resource(model::Json{{"apiVersion", "authorization.k8s.io/v1"},
                                                {"kind", "SelfSubjectAccessReview"},
                                                {"spec", {{"resourceAttributes", attributes}}}})));
  return model::bool_at(answer.json(), {"status", "allowed"});
}

}  // namespace

std::vector<Duty> duties() {
  Duty setup{"gpu setup", "ask an administrator for a role with these rights", true, {}};
  setup.permissions = {{"list", "v1", "Node"},
                       {"patch", "v1", "Node"},
                       {"list", "v1", "Pod"},
                       {"list", "apps/v1", "DaemonSet"},
                       {"create", "apps/v1", "DaemonSet"},
                       {"patch", "apps/v1", "DaemonSet"},
                       {"create", "node.k8s.io/v1", "RuntimeClass"},
                       {"patch", "node.k8s.io/v1", "RuntimeClass"}};
  return {setup};
}

Result<std::vector<std::string>> refused(kube::Client& client,
                                         const std::vector<Permission>& wanted) {
  // One answer per permission: what is refused, nothing, or why it is not known.
  std::vector<Result<std::optional<std::string>>> answers(wanted.size());
  apply::parallel(wanted.size(), [&](std::size_t i) {
    answers[i] = [&]() -> Result<std::optional<std::string>> {
      const auto type = client.resource_type(wanted[i].api_version, wanted[i].kind);
      if (!type && type.error().code == ErrorCode::not_found) return std::nullopt;
      if (!type) return fail(type.error());
      KAI_TRY_ASSIGN(const bool allowed, is_allowed(client, *type, wanted[i].verb));
      if (allowed) return std::nullopt;
      return std::string(wanted[i].verb) + " " + type->qualified();
    }();
  });
  std::vector<std::string> list;
  for (auto& answer : answers) {
    KAI_TRY_ASSIGN(std::optional<std::string> text, std::move(answer));
    if (text) list.push_back(*std::move(text));
  }
  return list;
}

}  // namespace kai::ai
