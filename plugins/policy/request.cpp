#include "request.hpp"

#include <kai/audit/facts/pod_levels.hpp>
#include <kai/audit/tables.hpp>
#include <kai/cli/profile_file.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace kai::policy {
namespace {

using model::Json;

using Problems = cli::FlagProblems;

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// "NAMESPACE", "NAMESPACE:PORT,…", "CIDR", "CIDR:PORT,…" as an entry of a profile.
Json peer_json(const std::string& text) {
  Json peer = Json::object();
  std::string ports;
  const auto first = text.find(':');
  const bool is_block = model::Cidr::parse(text).has_value();
  const auto last = is_block ? std::string::npos : text.rfind(':');
  const std::string block = text.substr(0, last);
  // A slash before any port is meant for a block, and told of when it is none.
  if (text.find('/') < first || model::Cidr::parse(block)) {
    peer["cidr"] = block;
    if (last != std::string::npos) ports = text.substr(last + 1);
  } else {
    peer["namespace"] = text.substr(0, first);
    if (first != std::string::npos) ports = text.substr(first + 1);
  }
  if (!ports.empty()) peer["ports"] = split(ports, ',');
  return peer;
}

std::string kind_of(std::string text) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "user") return "User";
  if (lower == "group") return "Group";
  if (lower == "serviceaccount") return "ServiceAccount";
  return text;
}

// "ROLE=KIND:NAME", a ServiceAccount also as NAMESPACE/NAME.
void add_role(const std::string& text, Json& roles, Problems& problems) {
  const auto equals = text.find('=');
  const auto colon = text.find(':', equals == std::string::npos ? 0 : equals);
  if (equals == std::string::npos || colon == std::string::npos) {
    problems.add("--role " + text + " must be ROLE=KIND:NAME, as in ai-researcher=group:team");
    return;
  }
  Json subject{{"kind", kind_of(text.substr(equals + 1, colon - equals - 1))}};
  std::string name = text.substr(colon + 1);
  const auto slash = name.find('/');
  if (subject["kind"] == "ServiceAccount" && slash != std::string::npos) {
    subject["namespace"] = name.substr(0, slash);
    name = name.substr(slash + 1);
  }
  subject["name"] = name;
  const std::string role = text.substr(0, equals);
  for (Json& known : roles) {
    if (known["name"] == role) return known["subjects"].push_back(std::move(subject));
  }
  roles.push_back({{"name", role}, {"subjects", Json::array({std::move(subject)})}});
}

// The flags as the section of a profile, so that both are held to the same rules.
Json section_of(const PolicyFlags& flags, Problems& problems) {
  Json section{{"name", flags.ns}};
  if (!flags.pod_security.empty()) {
    section["podSecurity"] = {{"enforce", flags.pod_security}};
    if (!flags.pod_security_version.empty()) {
      section["podSecurity"]["version"] = flags.pod_security_version;
    }
  } else if (!flags.pod_security_version.empty()) {
    problems.add("--pod-security-version needs --pod-security");
  }
  if (flags.asks_for_network()) {
    Json network{{"isolate", Json(true)}};
    if (flags.isolate.empty()) network.erase("isolate");
    if (flags.isolate == "ingress") network["isolate"] = "ingress";
    if (flags.dns) network["dns"] = true;
    if (flags.api_server) network["apiServer"] = true;
    for (const std::string& text : flags.allow_from) {
      network["allowFrom"].push_back(peer_json(text));
    }
    for (const std::string& text : flags.allow_to) network["allowTo"].push_back(peer_json(text));
    section["network"] = std::move(network);
  }
  Json roles = Json::array();
  for (const std::string& text : flags.roles) add_role(text, roles, problems);
  if (!roles.empty()) section["roles"] = std::move(roles);
  return section;
}

// A field of the section as the flag that it came from.
std::string in_words_of_flags(std::string text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> k_names{{
      {"spec.namespaces[0].podSecurity.enforce", "--pod-security"},
      {"spec.namespaces[0].podSecurity.version", "--pod-security-version"},
      {"spec.namespaces[0].network.allowFrom", "--allow-from"},
      {"spec.namespaces[0].network.allowTo", "--allow-to"},
      {"spec.namespaces[0].network.dns", "--dns"},
      {"spec.namespaces[0].network.apiServer", "--api-server"},
      {"spec.namespaces[0].network.isolate", "--isolate"},
      {"spec.namespaces[0].roles", "--role"},
      {"spec.namespaces[0].name", "--namespace"},
  }};
  for (const auto& [field, flag] : k_names) {
    const auto at = text.find(field);
    if (at != std::string::npos) return text.replace(at, field.size(), flag);
  }
  return text;
}

Result<std::optional<model::NamespaceProfile>> read_flags(const PolicyFlags& flags,
                                                          Request& request, Problems& problems) {
  const Json document{{"apiVersion", model::k_profile_api_version},
                      {"kind", model::k_profile_kind},
                      {"metadata", {{"name", "flags"}}},
                      {"spec", {{"namespaces", Json::array({section_of(flags, problems)})}}}};
  KAI_TRY_ASSIGN(model::ProfileReading reading,
                 model::check_profile(model::to_json(document), "the flags"));
  for (const model::FieldProblem& problem : reading.problems) {
    problems.add(in_words_of_flags(problem.message));
  }
  for (const model::FieldProblem& warning : reading.warnings) {
    request.notes.push_back(in_words_of_flags(warning.message));
  }
  if (reading.profile.namespaces.size() != 1) return std::nullopt;
  return std::move(reading.profile.namespaces.front());
}

Wanted wanted_of(const model::NamespaceProfile& profile) {
  return {profile.name, profile.pod_security, profile.network, profile.roles, true};
}

// Namespaces of the cluster's own machinery are nobody's to close.
void refuse_infrastructure(const Wanted& wanted, bool force, Problems& problems) {
  if (!wanted.pod_security && !wanted.network && wanted.roles.empty()) return;
  if (audit::WellKnown::get().is_system_namespace(wanted.ns)) {
    problems.add(wanted.ns + " belongs to the cluster itself: it is left as it is");
  } else if (!force && audit::is_infrastructure_namespace(wanted.ns)) {
    problems.add(wanted.ns +
                 " is a namespace of infrastructure, whose pods need their rights: "
                 "--force does it all the same");
  }
}

Result<> take_from_profile(const PolicyFlags& flags, const model::Profile& profile,
                           Request& request) {
  KAI_TRY_ASSIGN(const auto chosen, cli::choose_namespaces(profile, flags.ns));
  for (const model::NamespaceProfile* const entry : chosen) {
    request.namespaces.push_back(wanted_of(*entry));
  }
  if (flags.asks() && request.namespaces.size() != 1) {
    return fail(
        Error(ErrorCode::usage, "the flags are about one namespace").with_hint("name it with -n"));
  }
  return {};
}

}  // namespace

const Wanted* Request::find(std::string_view ns) const {
  const auto found = std::find_if(namespaces.begin(), namespaces.end(),
                                  [ns](const Wanted& wanted) { return wanted.ns == ns; });
  return found == namespaces.end() ? nullptr : &*found;
}

bool Request::wants_pod_security() const {
  return std::any_of(namespaces.begin(), namespaces.end(),
                     [](const Wanted& wanted) { return wanted.pod_security.has_value(); });
}

bool Request::isolates() const {
  return std::any_of(namespaces.begin(), namespaces.end(),
                     [](const Wanted& wanted) { return wanted.isolates(); });
}

Result<Request> make_request(const PolicyFlags& flags, const model::Profile* profile) {
  Request request;
  Problems problems;
  if (profile != nullptr) {
    KAI_TRY(take_from_profile(flags, *profile, request));
  } else if (!flags.asks()) {
    return fail(Error(ErrorCode::usage, "nothing is asked for")
                    .with_hint("give a profile with -f, or --pod-security, --isolate or --role"));
  } else if (flags.ns.empty()) {
    return fail(Error(ErrorCode::usage, "no namespace is named").with_hint("name it with -n"));
  } else {
    request.namespaces.push_back({flags.ns, {}, {}, {}, false});
  }
  if (flags.asks()) {
    PolicyFlags named = flags;
    named.ns = request.namespaces.front().ns;
    KAI_TRY_ASSIGN(auto section, read_flags(named, request, problems));
    Wanted& wanted = request.namespaces.front();
    if (section && section->pod_security) wanted.pod_security = std::move(section->pod_security);
    if (section && section->network) wanted.network = std::move(section->network);
    if (section && !section->roles.empty()) wanted.roles = std::move(section->roles);
  }
  for (const Wanted& wanted : request.namespaces) {
    refuse_infrastructure(wanted, flags.force, problems);
  }
  KAI_TRY(problems.result());
  return request;
}

}  // namespace kai::policy
