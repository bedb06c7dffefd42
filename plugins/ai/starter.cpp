#include "starter.hpp"

#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/gpu_stack.hpp>
#include <kai/audit/facts/network.hpp>
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/tables.hpp>
#include <kai/model/gpu.hpp>
#include <kai/model/profile.hpp>
#include <kai/model/yaml.hpp>
#include <kai/output/style.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace kai::ai {

namespace {

using audit::Facts;
using audit::Kind;

constexpr std::string_view k_pod_security = "pod-security.kubernetes.io/";
constexpr std::size_t k_names_at_most = 5;

std::string listed(const std::vector<std::string>& names) {
  return audit::list_names(names, k_names_at_most);
}

// --- spec.gpu

bool is_gpu_taint(const model::Taint& taint) {
  return model::is_gpu_resource(taint.key) && !audit::is_transient(taint);
}

// A value, and the nodes that have it.
using Shares = std::map<std::string, std::vector<std::string>>;

// The value that all of them have.
const std::string* common(const Shares& shares, std::size_t nodes) {
  return shares.size() == 1 && shares.begin()->second.size() == nodes ? &shares.begin()->first
                                                                      : nullptr;
}

void write_shares(std::string_view what, const Shares& shares, Lines& lines) {
  for (const auto& [value, nodes] : shares) {
    lines.comment(2, std::string(what) + value + " is on " + listed(nodes) + " only");
  }
}

void write_stack(const ClusterFound& found, Lines& lines) {
  if (found.has_cluster_policy) return lines.add(2, "stack: operator");
  if (!found.facts.complete.has(Kind::daemon_set)) return;
  std::vector<std::string> others;
  for (const audit::Workload& workload : found.facts.workloads) {
    if (workload.head.kind != std::string_view("DaemonSet")) continue;
    const bool is_plugin = std::any_of(
        workload.spec->containers.begin(), workload.spec->containers.end(), [](const auto& one) {
          return one.image.view().find("device-plugin") != std::string_view::npos;
        });
    if (!is_plugin) continue;
    if (workload.head.labels->get("app.kubernetes.io/managed-by") == "kubectl-ai") {
      return lines.add(2, "stack: device-plugin");
    }
    others.push_back(workload.head.ns.str() + "/" + workload.head.name.str());
  }
  if (others.empty())
    return lines.comment(2, "stack: device-plugin would install one: none is here");
  lines.comment(2, "of another owner: DaemonSet " + listed(others));
  lines.add(2, "stack: none");
}

void write_gpu(const ClusterFound& found, Lines& lines) {
  std::vector<const audit::Node*> nodes;
  Shares labels;
  Shares taints;
  std::int64_t gpus = 0;
  for (const audit::Node& node : found.facts.nodes) {
    if (!audit::is_gpu_node(node)) continue;
    nodes.push_back(&node);
    gpus += audit::gpu_count(node.capacity);
    const std::string name = node.name().str();
    if (const auto value = node.head.labels->get(model::k_nvidia_gpu)) {
      labels[std::string(*value)].push_back(name);
    }
    for (const model::Taint& taint : node.taints) {
      if (is_gpu_taint(taint)) taints[taint.to_string()].push_back(name);
    }
  }
  if (nodes.empty()) {
    if (found.facts.complete.has(Kind::node)) lines.comment(1, "gpu: no GPU node was found");
    return;
  }
  lines.comment(1, audit::count_of(static_cast<std::int64_t>(nodes.size()), "node") + " with " +
                       audit::count_of(gpus, "GPU"));
  lines.add(1, "gpu:");
  lines.add(2, "nodes:");
  for (const audit::Node* const node : nodes) lines.add(2, "- " + yaml_scalar(node->name()));
  const std::string label(model::k_nvidia_gpu);
  if (const std::string* const value = common(labels, nodes.size())) {
    lines.add(2, "labels:");
    lines.add(3, label, *value);
  } else if (labels.empty()) {
    lines.comment(2, "no node has the label " + label + ": apply would set " + label + "=true");
  } else {
    write_shares("the label " + label + "=", labels, lines);
  }
  if (const std::string* const taint = common(taints, nodes.size())) {
    lines.add(2, "taint", *taint);
  } else if (taints.empty()) {
    lines.comment(2,
                  "without a taint any pod may take the room that GPUs need: "
                  "nvidia.com/gpu=true:NoSchedule keeps others away");
    lines.add(2, "taint: none");
  } else {
    write_shares("the taint ", taints, lines);
  }
  write_stack(found, lines);
}

// --- spec.namespaces

void write_pod_security(const audit::Namespace& space, Lines& lines) {
  constexpr std::array<std::string_view, 3> k_modes = {"enforce", "audit", "warn"};
  std::array<std::string, 3> levels;
  std::array<std::string, 3> versions;
  for (std::size_t i = 0; i < k_modes.size(); ++i) {
    const std::string key = std::string(k_pod_security).append(k_modes.at(i));
    levels.at(i) = space.head.labels->get(key).value_or("");
    versions.at(i) = space.head.labels->get(key + "-version").value_or("");
  }
  const bool is_one = levels[0] == levels[1] && levels[1] == levels[2];
  const bool has_versions = std::any_of(versions.begin(), versions.end(),
                                        [](const std::string& one) { return !one.empty(); });
  if (is_one && levels[0].empty()) return;
  if (is_one && !has_versions) return lines.add(2, "podSecurity", levels[0]);
  if (!levels[0].empty() && (levels[1].empty() || levels[2].empty())) {
    lines.comment(2, "audit and warn follow enforce, and now they are not both set");
  }
  lines.add(2, "podSecurity:");
  for (std::size_t i = 0; i < k_modes.size(); ++i) {
    if (levels.at(i).empty()) continue;
    lines.add(3, k_modes.at(i), levels.at(i));
    if (!versions.at(i).empty()) {
      lines.add(3, std::string(k_modes.at(i)) + "Version", versions.at(i));
    }
  }
}

// The amounts of quotas that count together: the least of each key.
using Hard = std::map<std::string, model::Quantity>;

void write_hard(const Hard& hard, int level, Lines& lines) {
  for (const auto& [key, amount] : hard) {
    if (const std::string counting = model::counting_quota_key(key); !counting.empty()) {
      lines.comment(level,
                    key + ": " + amount.to_string() + " counts nothing; " + counting + " would");
      continue;
    }
    const bool is_gpus = key == "requests." + std::string(model::k_nvidia_gpu);
    lines.add(level, yaml_scalar(is_gpus ? "gpus" : key) + ": " + amount.to_string());
  }
}

void write_quota(const Facts& facts, const audit::Namespace& space, Lines& lines) {
  const audit::PlatformFacts& platform = facts.operations->platform;
  Hard all;
  std::map<std::string, Hard> by_priority;
  std::vector<std::string> names;
  std::vector<std::string> scoped;
  for (const audit::Quota& quota : facts.quotas) {
    if (quota.head.ns != space.head.name) continue;
    const audit::QuotaScope* const scope = platform.scope_of(quota.head.ns, quota.head.name);
    if (scope != nullptr && scope->priority_class.empty()) {
      scoped.push_back(quota.head.name.str());
      continue;
    }
    if (scope == nullptr) names.push_back(quota.head.name.str());
    Hard& hard = scope == nullptr ? all : by_priority[scope->priority_class.str()];
    for (const audit::Quota::Entry& entry : quota.hard) {
      const auto amount = model::Quantity::parse(entry.amount);
      if (!amount) continue;
      const auto [known, is_new] = hard.emplace(entry.key.str(), *amount);
      if (!is_new) known->second = std::min(known->second, *amount);
    }
  }
  if (!scoped.empty()) {
    lines.comment(2, "ResourceQuotas with scopes that a profile cannot say: " + listed(scoped));
  }
  if (names.size() > 1) {
    lines.comment(2, "the least of the ResourceQuotas " + listed(names));
  }
  const auto counts = [](const Hard& hard) {
    return std::any_of(hard.begin(), hard.end(), [](const auto& entry) {
      return model::counting_quota_key(entry.first).empty();
    });
  };
  if (!all.empty()) {
    if (counts(all)) lines.add(2, "quota:");
    write_hard(all, 3, lines);
  }
  const bool has_any = std::any_of(by_priority.begin(), by_priority.end(),
                                   [&](const auto& entry) { return counts(entry.second); });
  if (has_any) lines.add(2, "quotaByPriority:");
  for (const auto& [priority, hard] : by_priority) {
    if (counts(hard)) {
      lines.add(3, yaml_scalar(priority) + ":");
      write_hard(hard, 4, lines);
    } else {
      lines.comment(has_any ? 3 : 2, "the quota of " + priority + " has no key that counts");
    }
  }
}

void write_defaults(const ClusterFound& found, const audit::Namespace& space, Lines& lines) {
  const audit::ContainerDefaultsFact* first = nullptr;
  std::vector<std::string> more;
  for (const audit::ContainerDefaultsFact& range :
       found.facts.operations->platform.container_defaults) {
    if (range.head.ns != space.head.name) continue;
    const std::string name = range.head.name.str();
    if (found.wider_ranges.contains(range.head.ns.str() + "/" + name)) {
      lines.comment(2, "LimitRange " + name +
                           " has more than the defaults of containers; the rest stays as it is");
    }
    if (range.requests.empty() && range.limits.empty()) continue;
    if (first == nullptr) {
      first = &range;
    } else {
      more.push_back(name);
    }
  }
  if (first == nullptr) return;
  if (!more.empty()) {
    lines.comment(2,
                  "of LimitRange " + first->head.name.str() + "; there are also " + listed(more));
  }
  lines.add(2, "defaults:");
  const auto write = [&](std::string_view key, const auto& amounts) {
    if (amounts.empty()) return;
    lines.add(3, std::string(key) + ":");
    for (const auto& [resource, amount] : amounts) {
      lines.add(4, yaml_scalar(resource) + ": " + amount.to_string());
    }
  };
  write("requests", first->requests);
  write("limits", first->limits);
}

void write_roles(const Facts& facts, const audit::Namespace& space, Lines& lines) {
  std::map<std::string, std::set<model::RoleSubject>> roles;
  std::vector<std::string> others;
  for (const audit::RoleBinding& binding : facts.role_bindings) {
    if (binding.head.ns != space.head.name) continue;
    if (binding.role_name != model::k_role_researcher &&
        binding.role_name != model::k_role_operator) {
      others.push_back(binding.head.name.str() + " (" + binding.role_name.str() + ")");
      continue;
    }
    for (const audit::RoleSubject& subject : binding.subjects) {
      roles[binding.role_name.str()].insert(
          {subject.kind.str(), subject.name.str(), subject.ns.str()});
    }
  }
  if (!others.empty()) {
    lines.comment(2, "RoleBindings to roles that are no profile's: " + listed(others));
  }
  if (!roles.empty()) lines.add(2, "roles:");
  for (const auto& [name, subjects] : roles) {
    lines.add(2, "- name: " + yaml_scalar(name));
    lines.add(3, "subjects:");
    for (const model::RoleSubject& subject : subjects) {
      lines.add(3, "- kind: " + yaml_scalar(subject.kind));
      lines.add(4, "name", subject.name);
      const bool is_own = space.head.name == std::string_view(subject.namespace_name);
      if (!subject.namespace_name.empty() && !is_own) {
        lines.add(4, "namespace", subject.namespace_name);
      }
    }
  }
}

void write_namespaces(const ClusterFound& found, Lines& lines) {
  const Facts& facts = found.facts;
  std::vector<std::string> bare;
  Lines section;
  for (const audit::Namespace& space : facts.namespaces) {
    const bool is_asked_for =
        facts.only_ns.empty() || space.head.name == std::string_view(facts.only_ns);
    if (!is_asked_for || space.terminating ||
        audit::WellKnown::get().is_system_namespace(space.head.name)) {
      continue;
    }
    Lines own;
    write_pod_security(space, own);
    write_quota(facts, space, own);
    write_defaults(found, space, own);
    std::vector<const model::Json*> policies;
    for (const model::Json& policy : found.policies) {
      if (model::string_at(policy, {"metadata", "namespace"}) == space.head.name.view()) {
        policies.push_back(&policy);
      }
    }
    write_network(policies, 2, own);
    if (audit::has_foreign_policies(facts, space.head.name)) {
      own.comment(2, "network policies of another API act here, too");
    }
    write_roles(facts, space, own);
    if (own.text().empty()) {
      bare.push_back(space.head.name.str());
      continue;
    }
    section.add(1, "- name: " + yaml_scalar(space.head.name));
    section.append(own);
  }
  if (!bare.empty()) {
    lines.comment(1, "Namespaces where nothing was seen that a profile sets: " + listed(bare));
  }
  if (section.text().empty()) return;
  lines.add(1, "namespaces:");
  lines.append(section);
}

// --- spec.priorityClasses

void write_priority_classes(const ClusterFound& found, Lines& lines) {
  const auto& never = found.facts.operations->platform.never_preempting;
  bool is_first = true;
  for (const audit::PriorityClass& entry : found.facts.governance.priority_classes) {
    if (entry.is_system()) continue;
    if (is_first) lines.add(1, "priorityClasses:");
    is_first = false;
    lines.add(1, "- name: " + yaml_scalar(entry.head.name));
    lines.add(2, "value: " + std::to_string(entry.value));
    const auto description = found.descriptions.find(entry.head.name.view());
    if (description != found.descriptions.end() && !description->second.empty()) {
      lines.add(2, "description", description->second);
    }
    if (entry.global_default) lines.add(2, "globalDefault: true");
    if (std::find(never.begin(), never.end(), entry.head.name) != never.end()) {
      lines.add(2, "preemptionPolicy: Never");
    }
  }
}

// --- the whole

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// A line, and all that belongs to it, as comments.
void comment_out(std::vector<std::string>& lines, std::size_t at, const std::string& why) {
  const auto indent_of = [](const std::string& line) { return line.find_first_not_of(' '); };
  const std::size_t indent = indent_of(lines[at]);
  const bool is_item = lines[at].compare(indent, 2, "- ") == 0;
  for (std::size_t i = at; i < lines.size(); ++i) {
    const std::size_t own = indent_of(lines[i]);
    if (own == std::string::npos) break;
    // Items of a list stand as deep as its key.
    const bool is_in_list = !is_item && own == indent && lines[i].compare(own, 2, "- ") == 0;
    if (i > at && own <= indent && !is_in_list) break;
    if (lines[i][own] != '#') lines[i].insert(own, "# ");
  }
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at),
               std::string(indent, ' ') + "# not valid in a profile: " + why);
}

// What the check refuses becomes a comment: names that older servers took, classes that two
// writers made the default, amounts without a unit.
std::string only_valid(const std::string& text) {
  std::vector<std::string> lines = split_lines(text);
  const auto join = [&lines] {
    std::string joined;
    for (const std::string& line : lines) joined += line + "\n";
    return joined;
  };
  for (std::size_t tries = lines.size(); tries > 0; --tries) {
    const auto reading = model::check_profile(join(), "");
    if (!reading || reading->problems.empty()) break;
    const model::FieldProblem& problem = reading->problems.front();
    const auto line = static_cast<std::size_t>(std::max(problem.location.line, 1)) - 1;
    comment_out(lines, std::min(line, lines.size() - 1), problem.message);
  }
  return join();
}

}  // namespace

void Lines::add(int level, std::string_view text) {
  m_has_keys = true;
  m_text.append(static_cast<std::size_t>(level) * 2, ' ').append(text) += '\n';
}

void Lines::append(const Lines& more) {
  m_text += more.m_text;
  m_has_keys = m_has_keys || more.m_has_keys;
}

void Lines::add(int level, std::string_view key, std::string_view value) {
  add(level, std::string(key) + ": " + yaml_scalar(value));
}

void Lines::comment(int level, std::string_view text) {
  m_text.append(static_cast<std::size_t>(level) * 2, ' ') += "# " + output::safe_text(text) + "\n";
}

std::string yaml_scalar(std::string_view text) {
  // Line breaks would make it a block, and control characters have no place in a profile.
  const model::Json value = output::safe_text(text);
  std::string yaml = model::to_yaml(model::Json::array({value}));
  yaml.erase(0, 2);  // "- "
  while (!yaml.empty() && yaml.back() == '\n') yaml.pop_back();
  return yaml;
}

std::string starter_text(const ClusterFound& found) {
  Lines lines;
  lines.comment(0,
                "What the cluster has now, begun by `kubectl ai profile init`. Read it, change it, "
                "and");
  lines.comment(0, "look at it with `kubectl ai profile check` and `kubectl ai audit --profile`.");
  for (const std::string& gap : found.not_read) lines.comment(0, "Not read: " + gap);
  lines.add(0, "apiVersion: " + std::string(model::k_profile_api_version));
  lines.add(0, "kind: " + std::string(model::k_profile_kind));
  lines.add(0, "metadata:");
  lines.add(1, "name", found.name);
  Lines spec;
  write_gpu(found, spec);
  write_namespaces(found, spec);
  write_priority_classes(found, spec);
  spec.comment(1, "Not looked at, as a profile has it:");
  spec.comment(1, "backup: {provider: aws, bucket: velero, schedule: \"0 1 * * *\", ttl: 720h}");
  spec.comment(1, "kubeflow: {source: ./manifests/example, version: v1.7.0}");
  spec.comment(1, "host: {os: auto, runtime: auto, reserved: {cpu: 1, memory: 2Gi}}");
  const bool has_keys = spec.has_keys();
  lines.add(0, has_keys ? "spec:" : "spec: {}");
  lines.append(spec);
  return only_valid(lines.text());
}

}  // namespace kai::ai
