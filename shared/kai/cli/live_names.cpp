#include <kai/cli/live_names.hpp>

#include <utility>

namespace kai::cli {

namespace {

// More than anybody reads in a list of completions.
constexpr int k_most_names = 500;

Result<std::vector<std::string>> names_of(Session& session, std::string_view kind,
                                          const std::string& ns) {
  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  KAI_TRY_ASSIGN(const kube::ResourceType type, client->resource_type("v1", kind));
  kube::ListOptions options;
  options.ns = ns;
  options.limit = k_most_names;
  options.metadata_only = true;
  std::vector<std::string> names;
  KAI_TRY(client
              ->list(type, options,
                     [&names](model::Resource&& object) -> Result<> {
                       names.emplace_back(object.name());
                       // One page is enough; any error ends the list.
                       if (names.size() >= k_most_names)
                         return fail(ErrorCode::cancelled, "enough");
                       return {};
                     })
              .or_else([&names](const Error& error) -> Result<> {
                if (names.size() >= k_most_names) return {};
                return fail(error);
              }));
  return names;
}

}  // namespace

std::vector<std::string> live_names(Session& session, Offer what) {
  switch (what) {
    case Offer::nodes: return names_of(session, "Node", {}).value_or(std::vector<std::string>());
    case Offer::namespaces:
      return names_of(session, "Namespace", {}).value_or(std::vector<std::string>());
    case Offer::pods: {
      auto ns = session.ns();
      if (!ns) return {};
      return names_of(session, "Pod", *ns).value_or(std::vector<std::string>());
    }
    case Offer::contexts:
    case Offer::clusters:
    case Offer::users: {
      auto names = kube::kubeconfig_names(session.flags().connection, session.context());
      if (!names) return {};
      return what == Offer::contexts   ? std::move(names->contexts)
             : what == Offer::clusters ? std::move(names->clusters)
                                       : std::move(names->users);
    }
    case Offer::files:
    case Offer::nothing: break;
  }
  return {};
}

}  // namespace kai::cli
