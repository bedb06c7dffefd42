#include "evidence.hpp"

#include "foreign.hpp"

#include <kai/apply/parallel.hpp>
#include <kai/cli/object_files.hpp>
#include <kai/model/names.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace kai::policy {

namespace {

using model::NetworkPod;
using model::NetworkPolicy;

constexpr std::string_view k_policy_api = "networking.k8s.io/v1";
constexpr std::string_view k_name_label = "kubernetes.io/metadata.name";

std::set<std::string> namespaces_of(const Target& from, const Target& to) {
  std::set<std::string> namespaces;
  for (const Target* const target : {&from, &to}) {
    if (const auto* const pod = std::get_if<PodName>(target)) namespaces.insert(pod->ns);
  }
  return namespaces;
}

enum class Direction { egress, ingress };

// The first policy of `selected` in that direction that asks for labels of the other side's
// namespace beside its name.
const NetworkPolicy* asks_for_labels(const std::vector<NetworkPolicy>& policies,
                                     const model::Endpoint& selected, Direction direction) {
  const auto* const pod = std::get_if<NetworkPod>(&selected);
  if (pod == nullptr) return nullptr;
  const auto asks = [](const NetworkPolicy::Peer& peer) {
    if (!peer.namespaces) return false;
    const auto& requirements = peer.namespaces->requirements();
    return std::any_of(requirements.begin(), requirements.end(),
                       [](const auto& requirement) { return requirement.key != k_name_label; });
  };
  const auto found = std::find_if(policies.begin(), policies.end(), [&](const NetworkPolicy& it) {
    const auto& rules = direction == Direction::egress ? it.egress : it.ingress;
    return it.ns == pod->ns && it.pods.matches(pod->labels) &&
           std::any_of(rules.begin(), rules.end(), [&asks](const NetworkPolicy::Rule& rule) {
             return std::any_of(rule.peers.begin(), rule.peers.end(), asks);
           });
  });
  return found == policies.end() ? nullptr : &*found;
}

Error with_nearest(Error error, const std::string& name, const std::vector<std::string>& known) {
  if (const auto nearest = model::nearest_name(name, known)) {
    error.hint = "did you mean \"" + *nearest + "\"?";
  }
  return error;
}

void add_notes(std::vector<std::string>&& more, std::vector<std::string>& notes) {
  std::move(more.begin(), more.end(), std::back_inserter(notes));
}

void note_finished(const model::Endpoint& endpoint, std::vector<std::string>& notes) {
  const auto* const pod = std::get_if<NetworkPod>(&endpoint);
  if (pod != nullptr && pod->finished) {
    notes.push_back("pod " + pod->ns + "/" + pod->name + " has ended: nothing answers there");
  }
}

// Reads the objects of one cluster, each as a task of its own.
class ClusterReader {
 public:
  ClusterReader(kube::Client& client, const Target& from, const Target& to)
      : m_client(client),
        m_from(from),
        m_to(to),
        m_namespaces(namespaces_of(from, to)),
        m_foreign(m_namespaces) {}

  Result<Evidence> read() {
    for (const std::string& ns : m_namespaces) {
      add_task([this, ns, &labels = m_labels[ns]] { return read_labels(ns, labels); },
               [this, ns](Error error) {
                 return with_nearest(std::move(error), ns, names("Namespace", {}));
               });
    }
    add_task([this] { return read_pod(m_from, m_evidence.from); }, suggest_pod(m_from));
    if (m_to != m_from) {
      add_task([this] { return read_pod(m_to, m_evidence.to); }, suggest_pod(m_to));
    }
    add_task([this] { return read_policies(); });
    add_task([this]() -> Result<> {
      m_foreign.read(m_client);
      return {};
    });
    std::vector<Result<>> results(m_tasks.size());
    apply::parallel(m_tasks.size(), [&](std::size_t i) { results[i] = m_tasks[i].run(); });
    // A namespace that is not there explains everything else, so it was read first.
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i]) continue;
      Error error = std::move(results[i]).error();
      if (error.code == ErrorCode::not_found && m_tasks[i].suggest) {
        error = m_tasks[i].suggest(std::move(error));
      }
      return fail(std::move(error));
    }
    if (m_to == m_from) m_evidence.to = m_evidence.from;
    use_labels(m_evidence.from);
    use_labels(m_evidence.to);
    KAI_TRY(check_labels(m_evidence.from, m_evidence.to, Direction::ingress));
    KAI_TRY(check_labels(m_evidence.to, m_evidence.from, Direction::egress));
    note_finished(m_evidence.from, m_evidence.notes);
    if (m_to != m_from) note_finished(m_evidence.to, m_evidence.notes);
    add_notes(m_foreign.notes(), m_evidence.notes);
    return std::move(m_evidence);
  }

 private:
  using NsLabels = Result<model::Labels>;  // or why they may not be read

  using Suggest = std::function<Error(Error)>;  // for what is not found, the nearest name

  struct Task {
    std::function<Result<>()> run;
    Suggest suggest;
  };

  void add_task(std::function<Result<>()> run, Suggest suggest = {}) {
    m_tasks.push_back({std::move(run), std::move(suggest)});
  }

  Suggest suggest_pod(const Target& target) {
    const auto* const pod = std::get_if<PodName>(&target);
    if (pod == nullptr) return {};
    return [this, pod](Error error) {
      return with_nearest(std::move(error), pod->name, names("Pod", pod->ns));
    };
  }

  // Names of a kind, to suggest one; none when they may not be read.
  std::vector<std::string> names(std::string_view kind, const std::string& ns) {
    std::vector<std::string> known;
    const auto type = m_client.resource_type("v1", kind);
    if (!type) return known;
    kube::ListOptions list;
    list.ns = ns;
    list.metadata_only = true;
    static_cast<void>(m_client.list(*type, list, [&known](model::Resource&& object) -> Result<> {
      known.emplace_back(object.name());
      return {};
    }));
    return known;
  }

  Result<> read_labels(const std::string& ns, NsLabels& labels) {
    KAI_TRY_ASSIGN(const auto type, m_client.resource_type("v1", "Namespace"));
    auto object = m_client.get(type, {}, ns);
    if (object) {
      labels = model::namespace_labels(ns, object->labels());
    } else if (object.error().code == ErrorCode::forbidden) {
      labels = fail(std::move(object).error());
    } else {
      return fail(std::move(object).error());
    }
    return {};
  }

  // One list for both namespaces; one for each where only those may be listed.
  Result<> read_policies() {
    KAI_TRY_ASSIGN(const auto type, m_client.resource_type(k_policy_api, "NetworkPolicy"));
    if (m_namespaces.size() > 1) {
      auto listed = list_policies(type, {});
      if (listed || listed.error().code != ErrorCode::forbidden) return listed;
    }
    for (const std::string& ns : m_namespaces) KAI_TRY(list_policies(type, ns));
    return {};
  }

  Result<> list_policies(const kube::ResourceType& type, const std::string& ns) {
    kube::ListOptions list;
    list.ns = ns;
    return m_client.list(type, list, [this](model::Resource&& object) -> Result<> {
      if (m_namespaces.count(std::string(object.ns())) == 0) return {};
      KAI_TRY_ASSIGN(NetworkPolicy policy, NetworkPolicy::from_json(object.json()));
      m_evidence.policies.push_back(std::move(policy));
      return {};
    });
  }

  Result<> read_pod(const Target& target, model::Endpoint& endpoint) {
    const auto* const name = std::get_if<PodName>(&target);
    if (name == nullptr) {
      endpoint = std::get<model::Cidr>(target);
      return {};
    }
    KAI_TRY_ASSIGN(const auto type, m_client.resource_type("v1", "Pod"));
    auto object = m_client.get(type, name->ns, name->name);
    if (!object) return fail(std::move(object).error());
    endpoint = NetworkPod::from_json(object->json());
    return {};
  }

  void use_labels(model::Endpoint& endpoint) const {
    auto* const pod = std::get_if<NetworkPod>(&endpoint);
    if (pod == nullptr) return;
    const NsLabels& labels = m_labels.at(pod->ns);
    pod->ns_labels = labels ? *labels : model::namespace_labels(pod->ns, {});
  }

  // Labels that may not be read are an error where they count.
  [[nodiscard]] Result<> check_labels(const model::Endpoint& endpoint, const model::Endpoint& other,
                                      Direction of_other) const {
    const auto* const pod = std::get_if<NetworkPod>(&endpoint);
    if (pod == nullptr) return {};
    const NsLabels& labels = m_labels.at(pod->ns);
    if (labels) return {};
    const NetworkPolicy* const policy = asks_for_labels(m_evidence.policies, other, of_other);
    if (policy == nullptr) return {};
    Error error = labels.error();
    error.hint = "NetworkPolicy " + policy->ns + "/" + policy->name + " asks for its labels";
    return fail(std::move(error));
  }

  kube::Client& m_client;
  const Target& m_from;
  const Target& m_to;
  std::set<std::string> m_namespaces;
  std::map<std::string, NsLabels> m_labels;
  ForeignPolicies m_foreign;
  std::vector<Task> m_tasks;
  Evidence m_evidence{model::Cidr(), model::Cidr(), {}, {}};
};

// What the files hold of the kinds that count.
struct Files {
  explicit Files(const std::set<std::string>& of) : foreign(of) {}

  std::map<std::pair<std::string, std::string>, NetworkPod> pods;
  std::map<std::string, model::Labels> namespaces;
  std::map<std::pair<std::string, std::string>, NetworkPolicy> policies;
  std::vector<std::pair<std::string, std::string>> replaced;  // namespaces, and notes for them
  ForeignPolicies foreign;
};

Result<> add_object(model::Resource&& object, const Location& where, const std::string& default_ns,
                    Files& files) {
  const std::string api_version(object.api_version());
  const std::string kind(object.kind());
  const bool is_pod = api_version == "v1" && kind == "Pod";
  const bool is_policy = kind == "NetworkPolicy" && api_version == k_policy_api;
  if (api_version == "v1" && kind == "Namespace") {
    files.namespaces.insert_or_assign(std::string(object.name()), object.labels());
  }
  const std::string ns = object.ns().empty() ? default_ns : std::string(object.ns());
  files.foreign.add(api_version, kind, ns, object.name());
  if (!is_pod && !is_policy) return {};
  const std::pair key(ns, std::string(object.name()));
  if (is_pod) {
    NetworkPod pod = NetworkPod::from_json(object.json());
    pod.ns = ns;
    files.pods.insert_or_assign(key, std::move(pod));
    return {};
  }
  auto policy = NetworkPolicy::from_json(object.json());
  if (!policy) return fail(std::move(policy).error().at(where));
  policy->ns = ns;
  // As when they are applied one after the other: the later one holds.
  if (!files.policies.insert_or_assign(key, *std::move(policy)).second) {
    files.replaced.emplace_back(ns, "NetworkPolicy " + ns + "/" + key.second +
                                        " is there more than once: the one at " +
                                        where.to_string() + " counts");
  }
  return {};
}

Result<model::Endpoint> find_endpoint(const Target& target, const Files& files,
                                      std::vector<std::string>& notes) {
  if (const auto* const address = std::get_if<model::Cidr>(&target)) {
    const auto owner = std::find_if(files.pods.begin(), files.pods.end(), [&](const auto& entry) {
      const std::vector<model::Cidr>& ips = entry.second.ips;
      return !entry.second.host_network && !entry.second.finished &&
             std::find(ips.begin(), ips.end(), *address) != ips.end();
    });
    if (owner != files.pods.end()) {
      notes.push_back(address->to_string() + " is pod " + owner->second.ns + "/" +
                      owner->second.name + ": name that, and selectors and its policies count");
    }
    return model::Endpoint(*address);
  }
  const auto& name = std::get<PodName>(target);
  const auto found = files.pods.find({name.ns, name.name});
  if (found != files.pods.end()) {
    NetworkPod pod = found->second;
    const auto labels = files.namespaces.find(pod.ns);
    pod.ns_labels = model::namespace_labels(
        pod.ns, labels == files.namespaces.end() ? model::Labels() : labels->second);
    return model::Endpoint(std::move(pod));
  }
  std::vector<std::string> known;
  for (const auto& [key, pod] : files.pods) known.push_back(key.first + "/" + key.second);
  const std::string wanted = name.ns + "/" + name.name;
  Error error(ErrorCode::not_found, "the files have no Pod " + wanted);
  if (known.empty()) {
    error.hint =
        "they have no Pod at all; `kubectl get pods,namespaces,networkpolicies -A -o yaml` "
        "makes a file that has everything";
  }
  return fail(with_nearest(std::move(error), wanted, known));
}

}  // namespace

Result<Evidence> read_cluster(kube::Client& client, const Target& from, const Target& to) {
  return ClusterReader(client, from, to).read();
}

Result<Evidence> read_files(const std::vector<std::string>& paths, const std::string& default_ns,
                            std::istream& in, const Target& from, const Target& to) {
  const std::set<std::string> namespaces = namespaces_of(from, to);
  Files files(namespaces);
  KAI_TRY(cli::read_objects(paths, in, [&](model::Resource&& object, const Location& where) {
    return add_object(std::move(object), where, default_ns, files);
  }));
  std::vector<std::string> notes;
  KAI_TRY_ASSIGN(model::Endpoint source, find_endpoint(from, files, notes));
  KAI_TRY_ASSIGN(model::Endpoint destination, find_endpoint(to, files, notes));
  note_finished(source, notes);
  if (to != from) note_finished(destination, notes);
  std::vector<NetworkPolicy> policies;
  for (auto& [key, policy] : files.policies) {
    if (namespaces.count(key.first) != 0) policies.push_back(std::move(policy));
  }
  const auto note_labels = [&](const model::Endpoint& endpoint, const model::Endpoint& other,
                               Direction of_other) {
    const auto* const pod = std::get_if<NetworkPod>(&endpoint);
    if (pod == nullptr || files.namespaces.count(pod->ns) != 0) return;
    const NetworkPolicy* const policy = asks_for_labels(policies, other, of_other);
    if (policy == nullptr) return;
    notes.push_back("the files have no Namespace " + pod->ns + ", whose labels NetworkPolicy " +
                    policy->ns + "/" + policy->name + " asks for: only its name is known");
  };
  note_labels(source, destination, Direction::ingress);
  note_labels(destination, source, Direction::egress);
  for (const auto& [ns, note] : files.replaced) {
    if (namespaces.count(ns) != 0) notes.push_back(note);
  }
  add_notes(files.foreign.notes(), notes);
  return Evidence{std::move(source), std::move(destination), std::move(policies), std::move(notes)};
}

}  // namespace kai::policy
