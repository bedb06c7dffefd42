#include "profile_init.hpp"

#include <kai/audit/rule.hpp>
#include <kai/audit/source/live.hpp>
#include <kai/model/names.hpp>
#include <kai/model/profile.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "starter.hpp"

namespace kai::ai {

namespace {

using audit::Kind;
using model::Json;

void find_nothing(const audit::Facts& /*facts*/, audit::Findings& /*findings*/) {}

// What is read, told as the audit's sources are told it.
constexpr audit::Rule k_reader = {
    .id = "profile-init",
    .severity = audit::Severity::info,
    .category = audit::Category::control_plane,
    .where = audit::Where::cluster,
    .about = audit::About::namespaced,
    .title = {},
    .why = {},
    .fix = {},
    .reference = {},
    .needs = {},
    .reads = audit::k_foreign_policies |
             audit::KindSet{Kind::node, Kind::name_space, Kind::resource_quota, Kind::limit_range,
                            Kind::network_policy, Kind::role_binding, Kind::priority_class,
                            Kind::daemon_set},
    .check = &find_nothing,
};

// Whether it says more than what containers get by default.
bool is_wider(const Json& limit_range) {
  const Json* const limits = model::find_path(limit_range, {"spec", "limits"});
  if (limits == nullptr || !limits->is_array()) return false;
  return std::any_of(limits->begin(), limits->end(), [](const Json& item) {
    return model::string_at(item, {"type"}) != "Container" ||
           model::find_path(item, {"max"}) != nullptr ||
           model::find_path(item, {"min"}) != nullptr ||
           model::find_path(item, {"maxLimitRequestRatio"}) != nullptr;
  });
}

// What facts do not keep of an object.
struct Details {
  std::vector<Json> policies;
  std::map<std::string, std::string, std::less<>> descriptions;
  std::set<std::string, std::less<>> wider_ranges;

  void take(const Json& object) {
    const std::string_view kind = model::string_at(object, {"kind"});
    const std::string name(model::string_at(object, {"metadata", "name"}));
    const std::string ns(model::string_at(object, {"metadata", "namespace"}));
    const bool is_core = model::string_at(object, {"apiVersion"}) == "networking.k8s.io/v1";
    if (kind == "NetworkPolicy" && is_core) {
      const Json* const spec = model::find_path(object, {"spec"});
      policies.push_back({{"metadata", {{"name", name}, {"namespace", ns}}},
                          {"spec", spec == nullptr ? Json::object() : *spec}});
    } else if (kind == "PriorityClass") {
      descriptions.emplace(name, model::string_at(object, {"description"}));
    } else if (kind == "LimitRange" && is_wider(object)) {
      wider_ranges.insert(ns + "/" + name);
    }
  }
};

// -n names a namespace that is there, as far as one may know.
Result<> check_namespace(const audit::Facts& facts) {
  if (facts.only_ns.empty() || !facts.complete.has(Kind::name_space) ||
      facts.find_namespace(facts.only_ns) != nullptr) {
    return {};
  }
  Error error(ErrorCode::not_found, "there is no namespace \"" + facts.only_ns + "\"");
  std::vector<std::string> known;
  for (const audit::Namespace& space : facts.namespaces) known.push_back(space.head.name.str());
  if (const auto nearest = model::nearest_name(facts.only_ns, known)) {
    error.hint = "did you mean \"" + *nearest + "\"?";
  }
  return fail(std::move(error));
}

Result<bool> has_cluster_policy(kube::Client& client) {
  const auto type = client.resource_type("nvidia.com/v1", "ClusterPolicy");
  if (!type) {
    if (type.error().code == ErrorCode::not_found) return false;
    return fail(type.error());
  }
  kube::ListOptions options;
  options.metadata_only = true;
  bool exists = false;
  KAI_TRY(client.list(*type, options, [&](model::Resource&&) -> Result<> {
    exists = true;
    return {};
  }));
  return exists;
}

}  // namespace

Result<cli::ExitCode> init_profile(cli::Session& session) {
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  Details details;
  audit::LiveOptions live;
  if (!session.flags().all_namespaces) live.ns = session.flags().connection.ns;
  // Without one the facts leave out what only a comparison needs.
  live.profile = std::make_shared<const model::Profile>();
  live.seen = [&details](const Json& object) { details.take(object); };
  if (session.context().err_terminal.is_terminal) {
    live.progress = [&session](std::string_view line) { session.progress(line); };
  }
  const std::array<const audit::Rule*, 1> rules{&k_reader};
  KAI_TRY_ASSIGN(const audit::Evidence evidence,
                 audit::read_cluster(*client, session.context(), rules, live));
  KAI_TRY(check_namespace(evidence.facts));
  const auto policy = has_cluster_policy(*client);
  if (!policy && policy.error().code == ErrorCode::cancelled) return fail(policy.error());

  std::sort(details.policies.begin(), details.policies.end(), [](const Json& a, const Json& b) {
    return model::string_at(a, {"metadata", "name"}) < model::string_at(b, {"metadata", "name"});
  });
  ClusterFound found{evidence.facts,
                     "platform",
                     {},
                     std::move(details.policies),
                     std::move(details.descriptions),
                     std::move(details.wider_ranges)};
  const std::string& context = client->access().context;
  if (!context.empty() && model::check_dns_subdomain(context)) found.name = context;
  found.has_cluster_policy = policy && *policy;
  for (const audit::Gap& gap : evidence.gaps) {
    found.not_read.push_back((gap.kind ? std::string(audit::info(*gap.kind).name) + ": " : "") +
                             gap.reason);
  }
  if (!policy) found.not_read.push_back("ClusterPolicy: " + policy.error().to_string());
  for (const std::string& gap : found.not_read) session.warn("not read: " + gap);
  session.context().out << starter_text(found);
  return cli::ExitCode::ok;
}

}  // namespace kai::ai
