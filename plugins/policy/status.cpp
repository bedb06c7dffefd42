#include "status.hpp"

#include "plan.hpp"
#include "pod_security.hpp"

#include <kai/output/escape.hpp>
#include <kai/output/table.hpp>
#include <kai/output/text_block.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace kai::policy {
namespace {

using model::Json;
using model::Resource;

const Json& list_at(const Json& object, std::string_view key) {
  static const Json k_none = Json::array();
  const Json* const found = model::find_path(object, {key});
  return found != nullptr && found->is_array() ? *found : k_none;
}

std::string level_of(const Resource& ns, std::string_view mode) {
  const std::string key = std::string(k_pod_security_prefix) + std::string(mode);
  const auto level = ns.label(key);
  if (!level) return {};
  const auto version = ns.label(key + "-version");
  return std::string(*level) + (version ? " (" + std::string(*version) + ")" : "");
}

model::RoleSubject subject_of(const Json& json) {
  return {std::string(model::string_at(json, {"kind"})),
          std::string(model::string_at(json, {"name"})),
          std::string(model::string_at(json, {"namespace"}))};
}

void add_policy(const Resource& object, NamespaceStatus& status) {
  status.policies.push_back({std::string(object.name()), is_ours(object)});
  const auto policy = model::NetworkPolicy::from_json(object.json());
  if (!policy || !policy->pods.empty()) return;
  status.closed_in |= policy->for_ingress;
  status.closed_out |= policy->for_egress;
}

void add_holders(const Resource& binding, NamespaceStatus& status) {
  if (!is_ours(binding)) return;
  for (const Json& json : list_at(binding.json(), "subjects")) {
    const model::RoleSubject subject = subject_of(json);
    auto known = std::find_if(status.holders.begin(), status.holders.end(),
                              [&](const Holder& holder) { return holder.subject == subject; });
    if (known == status.holders.end()) {
      known = status.holders.insert(status.holders.end(), Holder{status.ns, subject, {}});
    }
    known->roles.emplace(model::string_at(binding.json(), {"roleRef", "name"}));
  }
}

void add_ways_out(const Resource& binding, PolicyStatus& status) {
  for (const Json& json : list_at(binding.json(), "subjects")) {
    const model::RoleSubject subject = subject_of(json);
    if (subject.kind != "ServiceAccount") continue;
    const auto found =
        std::find_if(status.namespaces.begin(), status.namespaces.end(),
                     [&](const NamespaceStatus& ns) { return ns.ns == subject.namespace_name; });
    if (found == status.namespaces.end() || found->holders.empty()) continue;
    status.ways_out.push_back({subject.namespace_name, subject.name, std::string(binding.name()),
                               std::string(model::string_at(binding.json(), {"roleRef", "name"}))});
  }
}

std::string joined(const std::set<std::string, std::less<>>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string closed_text(const NamespaceStatus& ns) {
  if (ns.closed_in && ns.closed_out) return "in, out";
  if (ns.closed_in) return "in";
  return ns.closed_out ? "out" : "-";
}

std::string policies_text(const NamespaceStatus& ns) {
  const auto ours = std::count_if(ns.policies.begin(), ns.policies.end(),
                                  [](const auto& policy) { return policy.ours; });
  std::string text = std::to_string(ns.policies.size());
  return ours == 0 ? text : text + " (" + std::to_string(ours) + " ours)";
}

std::string roles_text(const NamespaceStatus& ns) {
  std::set<std::string, std::less<>> roles;
  for (const Holder& holder : ns.holders) roles.insert(holder.roles.begin(), holder.roles.end());
  return roles.empty() ? "-" : joined(roles);
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string table_of(const PolicyStatus& status, StatusDetail detail,
                     const output::Palette& palette, int width) {
  std::vector<output::Column> columns{{"NAMESPACE"}, {"ENFORCE"}};
  if (detail == StatusDetail::wide) columns.insert(columns.end(), {{"AUDIT"}, {"WARN"}});
  columns.insert(columns.end(), {{"CLOSED"}, {"POLICIES"}, {"ROLES"}});
  if (detail == StatusDetail::wide) columns.push_back({"MADE BY"});
  output::Table table(std::move(columns));
  for (const NamespaceStatus& ns : status.namespaces) {
    std::vector<output::Cell> row{ns.ns, or_dash(ns.enforce)};
    if (detail == StatusDetail::wide) row.insert(row.end(), {or_dash(ns.audit), or_dash(ns.warn)});
    row.insert(row.end(), {closed_text(ns), policies_text(ns), roles_text(ns)});
    if (detail == StatusDetail::wide) row.emplace_back(or_dash(ns.keeper));
    table.add_row(std::move(row));
  }
  return table.render(palette, width);
}

std::string sentence_of(const ProofAnswer& answer) {
  std::string text = (answer.allowed ? "may " : "may not ") + answer.check.what();
  if (answer.allowed && !answer.reason.empty()) text += ": " + answer.reason;
  return text;
}

std::string proof_text(const Proof& proof, const output::Palette& palette, int width) {
  const auto wrong = proof.wrong();
  std::string head = to_string(proof.holder.subject) + ", " + joined(proof.holder.roles) + " in " +
                     proof.holder.ns + ": ";
  if (!proof.not_asked.empty()) {
    head += "not proved: " + proof.not_asked;
  } else if (wrong.empty()) {
    head += "all " + std::to_string(proof.answers.size()) + " answers are as they should be";
  } else {
    head += std::to_string(wrong.size()) + " of " + std::to_string(proof.answers.size()) +
            " answers are not as they should be";
  }
  const bool good = wrong.empty() && proof.not_asked.empty();
  std::string text =
      "  " + palette.paint(good ? output::Style::good : output::Style::bad, good ? "✓" : "✗") +
      " " + output::wrap_hanging(head, 4, width) + "\n";
  for (const ProofAnswer* const answer : wrong) {
    text += "      " + output::wrap_hanging(sentence_of(*answer), 8, width) + "\n";
  }
  return text;
}

std::string sentence_of(const WayOut& way) {
  return "who may create pods in " + way.ns + " can run them as ServiceAccount " + way.ns + "/" +
         way.account + ", to which ClusterRoleBinding " + way.binding + " gives " + way.role;
}

Json proof_json(const Proof& proof) {
  Json wrong = Json::array();
  for (const ProofAnswer* const answer : proof.wrong()) {
    Json json{{"what", answer->check.what()},
              {"allowed", answer->allowed},
              {"expected", answer->check.should}};
    if (!answer->reason.empty()) json["reason"] = answer->reason;
    wrong.push_back(std::move(json));
  }
  Json subject{{"kind", proof.holder.subject.kind}, {"name", proof.holder.subject.name}};
  if (!proof.holder.subject.namespace_name.empty()) {
    subject["namespace"] = proof.holder.subject.namespace_name;
  }
  Json json{{"namespace", proof.holder.ns},
            {"subject", std::move(subject)},
            {"roles", proof.holder.roles},
            {"asked", proof.answers.size()},
            {"wrong", std::move(wrong)}};
  if (!proof.not_asked.empty()) json["notAsked"] = proof.not_asked;
  return json;
}

}  // namespace

bool PolicyStatus::is_as_it_should() const {
  return ways_out.empty() && std::all_of(proofs.begin(), proofs.end(),
                                         [](const Proof& proof) { return proof.wrong().empty(); });
}

bool PolicyStatus::is_proved() const {
  return not_read.empty() && std::all_of(proofs.begin(), proofs.end(), [](const Proof& proof) {
           return proof.not_asked.empty();
         });
}

PolicyStatus status_of(const ClusterState& state) {
  PolicyStatus status;
  status.not_read = state.not_read;
  std::map<std::string, std::size_t, std::less<>> index;
  for (const auto& [name, ns] : state.namespaces) {
    index.emplace(name, status.namespaces.size());
    NamespaceStatus entry;
    entry.ns = name;
    entry.enforce = level_of(ns, "enforce");
    entry.audit = level_of(ns, "audit");
    entry.warn = level_of(ns, "warn");
    entry.labels_ours = has_labels_of_ours(ns);
    entry.keeper = tenant_keeper(ns);
    status.namespaces.push_back(std::move(entry));
  }
  const auto each = [&](const std::vector<Resource>& objects, auto add) {
    for (const Resource& object : objects) {
      const auto found = index.find(object.ns());
      if (found != index.end()) add(object, status.namespaces[found->second]);
    }
  };
  each(state.policies, add_policy);
  each(state.bindings, add_holders);
  for (const Resource& binding : state.cluster_bindings) add_ways_out(binding, status);
  return status;
}

std::string status_text(const PolicyStatus& status, StatusDetail detail,
                        const output::Palette& palette, int width) {
  std::string text = table_of(status, detail, palette, width);
  const auto title = [&](std::string_view words) {
    text += "\n" + palette.paint(output::Style::bold, words) + "\n";
  };
  if (!status.proofs.empty()) title("Access, as the API server answers");
  for (const Proof& proof : status.proofs) text += proof_text(proof, palette, width);
  if (!status.ways_out.empty()) title("Ways out");
  for (const WayOut& way : status.ways_out) {
    text += "  " + palette.paint(output::Style::bad, "✗") + " " +
            output::wrap_hanging(sentence_of(way), 4, width) + "\n";
  }
  if (!status.not_read.empty()) title("Notes");
  for (const std::string& what : status.not_read) {
    text += "  " + output::wrap_hanging("not read: " + what, 4, width) + "\n";
  }
  return text;
}

Json status_json(const PolicyStatus& status) {
  Json items = Json::array();
  for (const NamespaceStatus& ns : status.namespaces) {
    Json security = Json::object();
    if (!ns.enforce.empty()) security["enforce"] = ns.enforce;
    if (!ns.audit.empty()) security["audit"] = ns.audit;
    if (!ns.warn.empty()) security["warn"] = ns.warn;
    security["ours"] = ns.labels_ours;
    Json policies = Json::array();
    for (const auto& policy : ns.policies) {
      policies.push_back({{"name", policy.name}, {"ours", policy.ours}});
    }
    Json json{{"namespace", ns.ns},
              {"podSecurity", std::move(security)},
              {"closed", {{"ingress", ns.closed_in}, {"egress", ns.closed_out}}},
              {"networkPolicies", std::move(policies)}};
    if (!ns.keeper.empty()) json["madeBy"] = ns.keeper;
    items.push_back(std::move(json));
  }
  Json access = Json::array();
  for (const Proof& proof : status.proofs) access.push_back(proof_json(proof));
  Json ways = Json::array();
  for (const WayOut& way : status.ways_out) {
    ways.push_back({{"namespace", way.ns},
                    {"serviceAccount", way.account},
                    {"clusterRoleBinding", way.binding},
                    {"clusterRole", way.role}});
  }
  return {{"items", std::move(items)},
          {"access", std::move(access)},
          {"waysOut", std::move(ways)},
          {"notRead", status.not_read}};
}

}  // namespace kai::policy
