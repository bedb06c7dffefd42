#include <kai/apply/keeper.hpp>

#include <kai/apply/ownership.hpp>
#include <kai/kube/client.hpp>
#include <kai/model/managed_fields.hpp>

#include <algorithm>
#include <string_view>

namespace kai::apply {
namespace {

using model::Resource;

std::string_view value_of(std::optional<std::string_view> text) {
  return text.value_or(std::string_view());
}

std::string join(std::string_view ns, std::string_view name) {
  return ns.empty() ? std::string(name) : std::string(ns) + "/" + std::string(name);
}

std::optional<Keeper> controller_of(const Resource& object) {
  const model::Json* const owners =
      model::find_path(object.json(), {"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return std::nullopt;
  for (const model::Json& owner : *owners) {
    if (!model::bool_at(owner, {"controller"})) continue;
    const std::string who = std::string(model::string_at(owner, {"kind"})) + " " +
                            join(object.ns(), model::string_at(owner, {"name"}));
    return Keeper{who, "that"};
  }
  return std::nullopt;
}

// https://helm.sh/docs/topics/charts_hooks, "Helm 3 … adopts": these two and the label.
std::optional<Keeper> helm(const Resource& object) {
  const auto release = object.annotation("meta.helm.sh/release-name");
  const bool labelled = value_of(object.label(k_managed_by_label)) == "Helm";
  if (!release && !labelled) return std::nullopt;
  const std::string name =
      release ? " release " +
                    join(value_of(object.annotation("meta.helm.sh/release-namespace")), *release)
              : std::string();
  return Keeper{"Helm" + name, "its values or its chart"};
}

// https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
std::optional<Keeper> argo(const Resource& object) {
  std::string_view application = value_of(object.label("argocd.argoproj.io/instance"));
  if (const auto id = object.annotation("argocd.argoproj.io/tracking-id")) {
    application = id->substr(0, id->find(':'));
  }
  if (application.empty()) return std::nullopt;
  return Keeper{"Argo CD application " + std::string(application), "what it is made from"};
}

// https://fluxcd.io/flux/components/kustomize/kustomizations/ and .../helm/helmreleases/
std::optional<Keeper> flux(const Resource& object) {
  struct Kind {
    std::string_view prefix;
    std::string_view what;
  };
  for (const Kind& kind : {Kind{"kustomize.toolkit.fluxcd.io", "Flux Kustomization "},
                           Kind{"helm.toolkit.fluxcd.io", "Flux HelmRelease "}}) {
    const std::string prefix(kind.prefix);
    const auto name = object.label(prefix + "/name");
    if (!name) continue;
    return Keeper{
        std::string(kind.what) + join(value_of(object.label(prefix + "/namespace")), *name),
        "what it is made from"};
  }
  return std::nullopt;
}

std::optional<Keeper> somebody(const Resource& object) {
  const std::string_view who = value_of(object.label(k_managed_by_label));
  if (who.empty() || who == kube::k_field_manager || who == "kubectl" || who == "Helm") {
    return std::nullopt;
  }
  return Keeper{std::string(who), "what it is made from"};
}

// Whether one path is the other or lies within it.
bool touches(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (!b.starts_with(a)) return false;
  return a.size() == b.size() || b[a.size()] == '.' || b[a.size()] == '[';
}

}  // namespace

std::optional<Keeper> keeper_of(const Resource& object) {
  for (const auto& find : {controller_of, flux, argo, helm, somebody}) {
    if (auto keeper = find(object)) return keeper;
  }
  return std::nullopt;
}

std::vector<Conflict> applied_by_others(const Resource& object,
                                        const std::vector<model::Difference>& fields) {
  std::vector<Conflict> conflicts;
  for (const model::FieldOwner& owner : model::field_owners(object.json())) {
    if (owner.operation != "Apply" || owner.manager == kube::k_field_manager) continue;
    const std::vector<std::string> paths = owner.paths();
    for (const model::Difference& field : fields) {
      const bool owned = std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
        return touches(path, field.path);
      });
      const Conflict conflict{owner.manager, field.path};
      if (owned && std::find(conflicts.begin(), conflicts.end(), conflict) == conflicts.end()) {
        conflicts.push_back(conflict);
      }
    }
  }
  return conflicts;
}

}  // namespace kai::apply
