#include <kai/model/abilities.hpp>

#include <array>

namespace kai::model {

namespace {

constexpr std::string_view k_rbac = "rbac.authorization.k8s.io";
constexpr std::string_view k_admission = "admissionregistration.k8s.io";
constexpr std::string_view k_certificates = "certificates.k8s.io";
constexpr std::string_view k_mutating = "mutatingwebhookconfigurations";
constexpr std::string_view k_validating = "validatingwebhookconfigurations";

struct Words {
  Ability ability;
  std::string_view name;
  std::string_view what;
};

constexpr std::array k_words = {
    Words{Ability::everything, "everything", "do everything"},
    Words{Ability::escalate, "escalate", "write roles with any right"},
    Words{Ability::bind, "bind", "bind any role, cluster-admin too"},
    Words{Ability::impersonate, "impersonate", "act as others"},
    Words{Ability::node_proxy, "nodes/proxy", "run commands in every pod, through the kubelets"},
    Words{Ability::webhooks, "webhooks", "read and change what others send to the API server"},
    Words{Ability::certificates, "certificates", "approve certificates, of administrators too"},
    Words{Ability::secrets, "secrets", "read secrets"},
    Words{Ability::tokens, "tokens", "make tokens of service accounts"},
    Words{Ability::exec, "exec", "run commands in pods: exec, attach, debug containers"},
    Words{Ability::pods, "pods", "make pods, with any secret and service account there"},
    Words{Ability::volumes, "volumes", "make volumes of any path of a node"},
    Words{Ability::namespaces, "namespaces", "change labels of namespaces: Pod Security's too"},
};

constexpr auto k_abilities = [] {
  std::array<Ability, k_words.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all.at(i) = k_words.at(i).ability;
  return all;
}();

enum : bool { k_of_namespace = false, k_of_cluster = true };
enum : bool { k_every_object = false, k_one_object = true };

constexpr std::array k_rights = {
    Right{Ability::escalate, "escalate", k_rbac, "roles", ""},
    Right{Ability::escalate, "escalate", k_rbac, "clusterroles", "", k_of_cluster},
    Right{Ability::bind, "bind", k_rbac, "roles", ""},
    // Of a ClusterRole by a RoleBinding: in that namespace.
    Right{Ability::bind, "bind", k_rbac, "clusterroles", ""},
    Right{Ability::impersonate, "impersonate", "", "serviceaccounts", ""},
    Right{Ability::impersonate, "impersonate", "", "users", "", k_of_cluster},
    Right{Ability::impersonate, "impersonate", "", "groups", "", k_of_cluster},
    Right{Ability::impersonate, "impersonate", "authentication.k8s.io", "uids", "", k_of_cluster},
    Right{Ability::node_proxy, "get", "", "nodes", "proxy", k_of_cluster, k_one_object},
    Right{Ability::node_proxy, "create", "", "nodes", "proxy", k_of_cluster, k_one_object},
    Right{Ability::node_proxy, "update", "", "nodes", "proxy", k_of_cluster, k_one_object},
    Right{Ability::node_proxy, "patch", "", "nodes", "proxy", k_of_cluster, k_one_object},
    Right{Ability::node_proxy, "delete", "", "nodes", "proxy", k_of_cluster, k_one_object},
    Right{Ability::webhooks, "create", k_admission, k_mutating, "", k_of_cluster},
    Right{Ability::webhooks, "update", k_admission, k_mutating, "", k_of_cluster, k_one_object},
    Right{Ability::webhooks, "patch", k_admission, k_mutating, "", k_of_cluster, k_one_object},
    Right{Ability::webhooks, "create", k_admission, k_validating, "", k_of_cluster},
    Right{Ability::webhooks, "update", k_admission, k_validating, "", k_of_cluster, k_one_object},
    Right{Ability::webhooks, "patch", k_admission, k_validating, "", k_of_cluster, k_one_object},
    Right{Ability::certificates, "update", k_certificates, "certificatesigningrequests", "approval",
          k_of_cluster},
    Right{Ability::certificates, "patch", k_certificates, "certificatesigningrequests", "approval",
          k_of_cluster},
    Right{Ability::secrets, "get", "", "secrets", ""},
    Right{Ability::secrets, "list", "", "secrets", ""},
    Right{Ability::secrets, "watch", "", "secrets", ""},
    Right{Ability::tokens, "create", "", "serviceaccounts", "token"},
    Right{Ability::exec, "create", "", "pods", "exec", k_of_namespace, k_one_object},
    Right{Ability::exec, "get", "", "pods", "exec", k_of_namespace, k_one_object},
    Right{Ability::exec, "create", "", "pods", "attach", k_of_namespace, k_one_object},
    Right{Ability::exec, "get", "", "pods", "attach", k_of_namespace, k_one_object},
    Right{Ability::exec, "update", "", "pods", "ephemeralcontainers", k_of_namespace,
          k_every_object},
    Right{Ability::exec, "patch", "", "pods", "ephemeralcontainers", k_of_namespace,
          k_every_object},
    Right{Ability::pods, "create", "", "pods", ""},
    Right{Ability::pods, "create", "", "replicationcontrollers", ""},
    Right{Ability::pods, "create", "apps", "daemonsets", ""},
    Right{Ability::pods, "update", "apps", "daemonsets", ""},
    Right{Ability::pods, "patch", "apps", "daemonsets", ""},
    Right{Ability::pods, "create", "apps", "deployments", ""},
    Right{Ability::pods, "update", "apps", "deployments", ""},
    Right{Ability::pods, "patch", "apps", "deployments", ""},
    Right{Ability::pods, "create", "apps", "replicasets", ""},
    Right{Ability::pods, "create", "apps", "statefulsets", ""},
    Right{Ability::pods, "update", "apps", "statefulsets", ""},
    Right{Ability::pods, "patch", "apps", "statefulsets", ""},
    Right{Ability::pods, "create", "batch", "cronjobs", ""},
    Right{Ability::pods, "create", "batch", "jobs", ""},
    Right{Ability::volumes, "create", "", "persistentvolumes", "", k_of_cluster},
    // A RoleBinding of a namespace gives this for the Namespace object itself.
    Right{Ability::namespaces, "update", "", "namespaces", ""},
    Right{Ability::namespaces, "patch", "", "namespaces", ""},
};

}  // namespace

std::span<const Ability> all_abilities() {
  return k_abilities;
}

std::string_view to_string(Ability ability) {
  return k_words.at(static_cast<std::size_t>(ability)).name;
}

std::optional<Ability> parse_ability(std::string_view word) {
  for (const Words& words : k_words) {
    if (words.name == word) return words.ability;
  }
  return std::nullopt;
}

std::string_view describe(Ability ability) {
  return k_words.at(static_cast<std::size_t>(ability)).what;
}

std::span<const Right> rights() {
  return k_rights;
}

}  // namespace kai::model
