#include "state.hpp"

#include <kai/apply/parallel.hpp>
#include <kai/audit/facts/builder.hpp>

#include <functional>
#include <mutex>
#include <set>
#include <utility>

namespace kai::policy {
namespace {

using model::Resource;

struct KindName {
  std::string_view api_version;
  std::string_view kind;
};

// Whose pod templates a level would turn away.
constexpr KindName k_workloads[] = {
    {"apps/v1", "Deployment"}, {"apps/v1", "StatefulSet"}, {"apps/v1", "DaemonSet"},
    {"batch/v1", "Job"},       {"batch/v1", "CronJob"},
};

// Reads kinds side by side, each as one list.
class Reader {
 public:
  using Take = std::function<void(Resource&&)>;
  enum class Need { must, may };
  // everywhere: of all namespaces even when one is asked about, or of that one alone where
  // only it may be read.
  enum class Scope { asked, everywhere };

  // `ns` empty: of all namespaces.
  Reader(kube::Client& client, std::string ns) : m_client(client), m_ns(std::move(ns)) {}

  void add(KindName kind, Need need, Take take, Scope scope = Scope::asked,
           model::ManagedFields fields = model::ManagedFields::managers_only) {
    m_lists.push_back({kind, need, fields, scope, std::move(take), {}});
  }

  // Adds what may not be read to `not_read`.
  Result<> run(std::vector<std::string>& not_read) {
    std::vector<Result<>> results(m_lists.size());
    apply::parallel(m_lists.size(), [&](std::size_t i) { results[i] = list(m_lists[i]); });
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!m_lists[i].narrowed.empty()) not_read.push_back(std::move(m_lists[i].narrowed));
      if (results[i]) continue;
      const bool may_fail =
          m_lists[i].need == Need::may && (results[i].error().code == ErrorCode::forbidden ||
                                           results[i].error().code == ErrorCode::not_found);
      if (!may_fail) return fail(std::move(results[i]).error());
      if (results[i].error().code == ErrorCode::not_found) continue;  // not served: none
      not_read.push_back(std::string(m_lists[i].kind.kind) + ": " + results[i].error().message);
    }
    return {};
  }

 private:
  struct List {
    KindName kind;
    Need need;
    model::ManagedFields fields;
    Scope scope;
    Take take;
    std::string narrowed;  // why it is of one namespace alone
  };

  Result<> list(List& wanted) {
    KAI_TRY_ASSIGN(const auto type,
                   m_client.resource_type(wanted.kind.api_version, wanted.kind.kind));
    const bool may_narrow = type.namespaced && wanted.scope == Scope::everywhere && !m_ns.empty();
    auto listed = list(wanted, type, may_narrow ? std::string() : m_ns);
    if (listed || !may_narrow || listed.error().code != ErrorCode::forbidden) return listed;
    wanted.narrowed = std::string(wanted.kind.kind) + " of other namespaces than " + m_ns + ": " +
                      listed.error().message;
    return list(wanted, type, m_ns);
  }

  Result<> list(const List& wanted, const kube::ResourceType& type, const std::string& ns) {
    kube::ListOptions options;
    if (type.namespaced) options.ns = ns;
    options.managed_fields = wanted.fields;
    return m_client.list(type, options, [&](Resource&& object) -> Result<> {
      const std::scoped_lock lock(m_mutex);
      wanted.take(std::move(object));
      return {};
    });
  }

  kube::Client& m_client;
  std::string m_ns;
  std::vector<List> m_lists;
  std::mutex m_mutex;  // one object at a time is taken
};

using Need = Reader::Need;
using Scope = Reader::Scope;
constexpr auto k_all_fields = model::ManagedFields::all;

Result<> read_namespace(kube::Client& client, const std::string& ns, ClusterState& state) {
  KAI_TRY_ASSIGN(const auto type, client.resource_type("v1", "Namespace"));
  KAI_TRY_ASSIGN(auto found, client.get_if_exists(type, {}, ns));
  if (found) {
    state.around.namespaces.emplace(ns, found->labels());
    state.namespaces.emplace(ns, *std::move(found));
  }
  return {};
}

void add_namespaces(Reader& reader, ClusterState& state, Need need) {
  reader.add(
      {"v1", "Namespace"}, need,
      [&state](Resource&& object) {
        std::string name(object.name());
        state.around.namespaces.emplace(name, object.labels());
        state.namespaces.insert_or_assign(std::move(name), std::move(object));
      },
      Scope::everywhere, k_all_fields);
}

// Objects of kinds that apply makes; `asked`: whether a namespace is asked about.
void add_owned(Reader& reader, ClusterState& state,
               const std::function<bool(std::string_view ns)>& asked, Scope scope) {
  const auto keep = [asked](std::vector<Resource>& list) {
    return [asked, &list](Resource&& object) {
      if (asked(object.ns())) list.push_back(std::move(object));
    };
  };
  reader.add({"rbac.authorization.k8s.io/v1", "Role"}, Need::must, keep(state.roles), Scope::asked,
             k_all_fields);
  reader.add({"rbac.authorization.k8s.io/v1", "RoleBinding"}, Need::must, keep(state.bindings),
             Scope::asked, k_all_fields);
  reader.add(
      {"networking.k8s.io/v1", "NetworkPolicy"}, Need::must,
      [keep = keep(state.policies), &state, scope](Resource&& object) {
        if (scope == Scope::everywhere) {
          auto policy = model::NetworkPolicy::from_json(object.json());
          if (policy) {
            state.around.policies.push_back(*std::move(policy));
          } else {
            state.not_read.push_back(policy.error().message);
          }
        }
        keep(std::move(object));
      },
      scope, k_all_fields);
}

void add_surroundings(Reader& reader, ClusterState& state) {
  Surroundings& around = state.around;
  reader.add(
      {"v1", "Service"}, Need::may,
      [&around](Resource&& object) {
        ServiceView view = ServiceView::from_json(object.json());
        around.services.emplace(view.name, std::move(view));
      },
      Scope::everywhere);
  reader.add({"networking.k8s.io/v1", "Ingress"}, Need::may, [&around](Resource&& object) {
    for (Caller& caller : callers_of_ingress(object.json())) {
      around.ingresses.push_back(std::move(caller));
    }
  });
  for (const std::string_view kind :
       {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}) {
    reader.add({"admissionregistration.k8s.io/v1", kind}, Need::may, [&around](Resource&& object) {
      for (Caller& caller : callers_of_webhooks(object)) {
        around.webhooks.push_back(std::move(caller));
      }
    });
  }
  reader.add({"apiregistration.k8s.io/v1", "APIService"}, Need::may, [&around](Resource&& object) {
    if (auto caller = caller_of_api_service(object)) around.webhooks.push_back(*std::move(caller));
  });
  for (const std::string_view kind : {"ServiceMonitor", "PodMonitor"}) {
    reader.add(
        {"monitoring.coreos.com/v1", kind}, Need::may,
        [&around](Resource&& object) {
          if (auto monitor = Monitor::from_json(object)) {
            around.monitors.push_back(*std::move(monitor));
          }
        },
        Scope::everywhere);
  }
}

// The endpoints of the API server are in a slice of this name in every cluster.
Result<> read_api_endpoints(kube::Client& client, ClusterState& state) {
  KAI_TRY_ASSIGN(const auto type, client.resource_type("discovery.k8s.io/v1", "EndpointSlice"));
  const auto slice = client.get_if_exists(type, "default", "kubernetes");
  if (slice && *slice) {
    state.around.api_endpoints = endpoints_of((*slice)->json());
  } else if (!slice) {
    if (slice.error().code != ErrorCode::forbidden) return fail(slice.error());
    state.not_read.push_back("EndpointSlice: " + slice.error().message);
  }
  return {};
}

// The one namespace that is asked about, so that nothing else has to be read; else "".
std::string only_namespace(const Request& request) {
  return request.namespaces.size() == 1 ? request.namespaces.front().ns : "";
}

}  // namespace

const Resource* ClusterState::find_namespace(std::string_view name) const {
  const auto found = namespaces.find(name);
  return found == namespaces.end() ? nullptr : &found->second;
}

Result<ClusterState> read_state(kube::Client& client, const Request& request) {
  ClusterState state;
  const std::string ns = only_namespace(request);
  const bool isolates = request.isolates();
  Reader reader(client, ns);
  if (!ns.empty()) KAI_TRY(read_namespace(client, ns, state));
  if (ns.empty() || isolates) {
    add_namespaces(reader, state, ns.empty() ? Need::must : Need::may);
  }
  const auto asked = [&request](std::string_view name) { return request.find(name) != nullptr; };
  add_owned(reader, state, asked, isolates ? Scope::everywhere : Scope::asked);
  audit::FactsBuilder builder{audit::FactsOptions()};
  const auto take = [&](Resource&& object) {
    const Wanted* const wanted = request.find(object.ns());
    const bool is_pod = object.kind() == "Pod";
    if (is_pod && isolates) {
      state.around.pods[std::string(object.ns())].push_back(PodView::from_json(object.json()));
    }
    if ((is_pod && isolates) || (wanted != nullptr && wanted->pod_security)) {
      builder.add(object.json());
    }
  };
  if (isolates || request.wants_pod_security()) {
    reader.add({"v1", "Pod"}, Need::may, take, isolates ? Scope::everywhere : Scope::asked);
  }
  if (request.wants_pod_security()) {
    for (const KindName& kind : k_workloads) reader.add(kind, Need::may, take);
  }
  if (isolates) {
    reader.add({"rbac.authorization.k8s.io/v1", "ClusterRoleBinding"}, Need::may,
               [&around = state.around](Resource&& object) {
                 const auto accounts = accounts_of(object.json());
                 around.accounts_with_rights.insert(accounts.begin(), accounts.end());
               });
    add_surroundings(reader, state);
    KAI_TRY(read_api_endpoints(client, state));
  }
  KAI_TRY(reader.run(state.not_read));
  for (const Resource& binding : state.bindings) {
    const auto accounts = accounts_of(binding.json());
    state.around.accounts_with_rights.insert(accounts.begin(), accounts.end());
  }
  state.facts = builder.finish();
  return state;
}

Result<std::vector<Resource>> read_workloads(kube::Client& client, const std::string& ns,
                                             std::vector<std::string>& not_read) {
  std::vector<Resource> objects;
  Reader reader(client, ns);
  const auto take = [&objects](Resource&& object) { objects.push_back(std::move(object)); };
  reader.add({"v1", "Pod"}, Need::may, take);
  for (const KindName& kind : k_workloads) reader.add(kind, Need::may, take);
  KAI_TRY(reader.run(not_read));
  return objects;
}

namespace {

enum class ClusterBindings { no, yes };

Result<ClusterState> read_ours(kube::Client& client, const std::string& ns,
                               ClusterBindings cluster_bindings) {
  ClusterState state;
  Reader reader(client, ns);
  if (ns.empty()) {
    add_namespaces(reader, state, Need::must);
  } else {
    KAI_TRY(read_namespace(client, ns, state));
  }
  add_owned(
      reader, state, [](std::string_view) { return true; }, Scope::asked);
  if (cluster_bindings == ClusterBindings::yes) {
    reader.add(
        {"rbac.authorization.k8s.io/v1", "ClusterRoleBinding"}, Need::may,
        [&state](Resource&& object) { state.cluster_bindings.push_back(std::move(object)); });
  }
  KAI_TRY(reader.run(state.not_read));
  return state;
}

}  // namespace

Result<ClusterState> read_owned(kube::Client& client, const std::string& ns) {
  return read_ours(client, ns, ClusterBindings::no);
}

Result<ClusterState> read_for_status(kube::Client& client, const std::string& ns) {
  return read_ours(client, ns, ClusterBindings::yes);
}

}  // namespace kai::policy
