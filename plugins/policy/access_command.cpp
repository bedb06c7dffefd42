// kubectl ai policy whocan VERB RESOURCE [NAME], and kubectl ai policy access
#include "access_text.hpp"
#include "commands.hpp"
#include "question.hpp"
#include "rbac_source.hpp"

#include <kai/cli/write_plan.hpp>
#include <kai/model/names.hpp>
#include <kai/output/document.hpp>

#include <algorithm>
#include <memory>
#include <ostream>
#include <set>
#include <utility>

namespace kai::policy {

namespace {

using cli::ExitCode;
using cli::Output;
using model::Ability;

struct AccessOptions {
  std::vector<std::string> filenames;
  Output output = Output::table;
  bool system = false;
  // of whocan
  std::string verb;
  std::string resource;
  std::string name;
  // of access
  std::vector<std::string> abilities;
};

// Objects in files that name no namespace are where `kubectl apply` would put them.
std::string default_ns(cli::Session& session) {
  const std::string& ns = session.flags().connection.ns;
  return ns.empty() ? "default" : ns;
}

Result<RbacSeen> read(cli::Session& session, const AccessOptions& options, RbacPart part,
                      const std::string& ns) {
  if (!options.filenames.empty()) {
    return read_rbac_files(options.filenames, default_ns(session), session.context().in, part, ns);
  }
  KAI_TRY_ASSIGN(kube::Client * client, session.client());
  cli::say_busy(session, "reading roles and bindings");
  return read_rbac(*client, part, ns);
}

std::string nobody(const RbacSeen& seen) {
  return seen.not_seen.empty() ? "nobody" : "nobody that was seen";
}

// Prints the answer; the body of a document is made when one is wanted.
template <class Body>
ExitCode show(cli::Session& session, const AccessOptions& options, const AccessAnswer& answer,
              std::string_view kind, const Body& body) {
  Context& context = session.context();
  const auto system = options.system ? SystemSubjects::shown : SystemSubjects::hidden;
  switch (options.output) {
    case Output::json:
      context.out << output::render_document(output::DocumentFormat::json, kind, body());
      break;
    case Output::yaml:
      context.out << output::render_document(output::DocumentFormat::yaml, kind, body());
      break;
    case Output::name:
      context.out << answer_names(answer, system);
      for (const NotSeen& item : answer.not_seen) {
        session.warn("not seen: " + item.what + ": " + item.reason);
      }
      break;
    case Output::table:
    case Output::wide:
      context.out << answer_text(answer,
                                 options.output == Output::wide ? Detail::wide : Detail::table,
                                 system, session.palette(), context.out_terminal.width);
  }
  return answer.not_seen.empty() ? ExitCode::ok : ExitCode::incomplete;
}

// --- whocan

Result<ExitCode> run_whocan(cli::Session& session, const AccessOptions& options) {
  kube::Client* client = nullptr;
  if (options.filenames.empty()) {
    KAI_TRY_ASSIGN(client, session.client());
  }
  KAI_TRY_ASSIGN(Question question,
                 parse_question(options.verb, options.resource, options.name, client));
  for (const std::string& warning : question.warnings) session.warn(warning);
  model::AccessRequest& request = question.request;
  auto namespaces = model::Namespaces::of_request;
  if (question.is_namespaced && session.flags().all_namespaces) {
    namespaces = model::Namespaces::all;
  } else if (question.is_namespaced) {
    request.ns = default_ns(session);
    if (client != nullptr) {
      KAI_TRY_ASSIGN(request.ns, session.ns());
    }
  }
  const bool is_any = namespaces == model::Namespaces::all;
  KAI_TRY_ASSIGN(
      const RbacSeen seen,
      read(session, options,
           is_any || !request.ns.empty() ? RbacPart::cluster_and_namespaces : RbacPart::cluster,
           request.ns));
  AccessAnswer answer;
  const std::string what = " may " + request.to_string() + (is_any ? " in some namespace" : "");
  answer.head = "who" + what;
  answer.nobody = nobody(seen) + what;
  for (model::AccessGrant& grant : model::who_can(seen.rbac, request, namespaces)) {
    answer.lines.push_back(make_line(*grant.subject, *grant.binding));
    answer.lines.back().names = std::move(grant.names);
  }
  answer.not_seen = seen.not_seen;
  return show(session, options, answer, "WhoCan", [&] { return whocan_json(answer, request); });
}

// --- access

// Those that are asked for; all when none is.
Result<std::set<Ability>> wanted_abilities(const AccessOptions& options) {
  const auto all = model::all_abilities();
  if (options.abilities.empty()) return std::set<Ability>(all.begin(), all.end());
  std::set<Ability> wanted;
  for (const std::string& word : options.abilities) {
    const auto ability = model::parse_ability(word);
    if (!ability) {
      std::vector<std::string> known;
      for (const Ability one : all) known.emplace_back(to_string(one));
      Error error(ErrorCode::usage, "there is no ability \"" + word + "\"");
      if (const auto nearest = model::nearest_name(word, known)) {
        error.hint = "did you mean \"" + *nearest + "\"?";
      } else {
        error.hint = "`kubectl ai policy access --help` lists them";
      }
      return fail(std::move(error));
    }
    wanted.insert(*ability);
  }
  return wanted;
}

std::vector<Ability> abilities_of(const std::vector<model::PolicyRule>& rules, bool is_cluster_wide,
                                  const std::set<Ability>& wanted) {
  std::vector<Ability> abilities;
  for (const Ability ability : wanted) {
    const bool has = std::any_of(rules.begin(), rules.end(), [&](const model::PolicyRule& rule) {
      return model::gives(rule, !rule.names.empty(), ability, is_cluster_wide);
    });
    if (!has) continue;
    abilities.push_back(ability);
    if (ability == Ability::everything) break;  // which says the others
  }
  return abilities;
}

Result<ExitCode> run_access(cli::Session& session, const AccessOptions& options) {
  KAI_TRY_ASSIGN(const std::set<Ability> wanted, wanted_abilities(options));
  const std::string ns =
      session.flags().all_namespaces ? std::string() : session.flags().connection.ns;
  KAI_TRY_ASSIGN(const RbacSeen seen, read(session, options, RbacPart::cluster_and_namespaces, ns));
  AccessAnswer answer;
  const std::string what = " has dangerous rights" + (ns.empty() ? "" : " in namespace " + ns);
  answer.head = "who" + what;
  answer.nobody = nobody(seen) + what;
  answer.not_seen = seen.not_seen;
  for (const auto& [key, binding] : seen.rbac.bindings()) {
    const auto* const rules = seen.rbac.rules_of(binding);
    const bool counts = ns.empty() || binding.cluster_wide() || binding.ns == ns;
    if (rules == nullptr || !counts) continue;
    const std::vector<Ability> abilities = abilities_of(*rules, binding.cluster_wide(), wanted);
    if (abilities.empty()) continue;
    for (const model::RbacSubject& subject : binding.subjects) {
      answer.lines.push_back(make_line(subject, binding));
      answer.lines.back().abilities = abilities;
    }
  }
  // Worst first; in the whole cluster before in a namespace, as bindings are in order.
  std::stable_sort(answer.lines.begin(), answer.lines.end(),
                   [](const AccessLine& a, const AccessLine& b) {
                     return a.abilities.front() < b.abilities.front();
                   });
  return show(session, options, answer, "AccessReview", [&] { return review_json(answer, ns); });
}

void add_flags(CLI::App& command, AccessOptions& options) {
  cli::add_filename_flag(command, options.filenames);
  cli::add_output_flag(command, options.output);
  command.add_flag("--system", options.system,
                   "Also subjects of Kubernetes itself and of its infrastructure");
}

std::string ability_lines() {
  std::string text;
  for (const Ability ability : model::all_abilities()) {
    text += "\n" + std::string(to_string(ability)) + ": " + std::string(describe(ability));
  }
  return text;
}

}  // namespace

void add_whocan(cli::Commands& commands) {
  const auto options = std::make_shared<AccessOptions>();
  CLI::App& whocan =
      commands.add("whocan", "Say who may do something, and by which binding",
                   [options](cli::Session& session) { return run_whocan(session, *options); });
  whocan.add_option("verb", options->verb, "What is done: get, list, create, delete, …")
      ->type_name("VERB")
      ->required();
  whocan.add_option("resource", options->resource, "To what: pods, deployments.apps, pods/exec")
      ->type_name("RESOURCE[.GROUP][/SUBRESOURCE]|/URL")
      ->required();
  whocan.add_option("name", options->name, "To that object alone")->type_name("NAME");
  add_flags(whocan, *options);
  commands.describe(
      whocan,
      "Decides as the API server's RBAC does, by one list of each kind of role and binding. "
      "NAMESPACE * is the whole cluster; ONLY are the objects that a role names. Without NAME it "
      "is "
      "about all objects. With -A it is about some namespace or other. Groups are listed as such: "
      "every account is in system:authenticated, every ServiceAccount in system:serviceaccounts "
      "and "
      "in system:serviceaccounts:NAMESPACE. Other authorizers than RBAC (of nodes, webhooks) may "
      "allow more. With -f it reads roles and bindings from files instead of the cluster. Exit "
      "code 4: not all of them could be seen.",
      {{"Secrets of a namespace", "kubectl ai policy whocan get secrets -n team"},
       {"A command in a pod", "kubectl ai policy whocan create pods/exec -A"},
       {"One object", "kubectl ai policy whocan update configmaps/status coredns -n kube-system"},
       {"A URL", "kubectl ai policy whocan get /metrics"},
       {"Everything", "kubectl ai policy whocan '*' '*' -A"}});
}

void add_access(cli::Commands& commands) {
  static const std::string k_text =
      "Lists every subject with a right that leads to more than it says, by each binding that "
      "gives it; NAMESPACE * is the whole cluster. With -n, what counts in that namespace. With -f "
      "it reads roles and bindings from files instead of the cluster. Exit code 4: not all of them "
      "could be seen.\n\nAbilities:" +
      ability_lines();
  const auto options = std::make_shared<AccessOptions>();
  CLI::App& access =
      commands.add("access", "Review who has dangerous rights, and by which binding",
                   [options](cli::Session& session) { return run_access(session, *options); });
  access.add_option("ability", options->abilities, "Of these abilities only")->type_name("ABILITY");
  add_flags(access, *options);
  commands.describe(access, k_text,
                    {{"The whole cluster", "kubectl ai policy access"},
                     {"Who gets at secrets in one namespace",
                      "kubectl ai policy access secrets exec pods -n team"},
                     {"Before it is applied", "kubectl ai policy access -f manifests/"}});
}

}  // namespace kai::policy
