// Fixing a cluster.
//
// Between the audit and the patch an object may change. A patch that names items of lists by
// their number is made only when the object's generation (or version, where it has none) is
// the one that was audited; every patch carries the resourceVersion that it was made for.
#include "fix.hpp"
#include "fix_text.hpp"

#include <kai/apply/keeper.hpp>
#include <kai/apply/parallel.hpp>
#include <kai/audit/engine.hpp>
#include <kai/audit/source/live.hpp>
#include <kai/model/json_patch.hpp>
#include <kai/output/document.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <ostream>
#include <unordered_map>
#include <utility>

namespace kai::audit_command {
namespace {

using audit::Finding;
using audit::Fix;
using audit::LeftOut;
using cli::ExitCode;
using model::Json;
using model::Resource;

// Which version of each object was audited; hashes, since a cluster has many objects.
class Versions {
 public:
  void add(const Json& object) { m_seen[hash(object)] = version_of(object); }
  [[nodiscard]] bool is_same(const Resource& object) const {
    const auto seen = m_seen.find(hash(object.json()));
    return seen != m_seen.end() && seen->second == version_of(object.json());
  }

 private:
  // By group and not by version: they are the same objects.
  static std::size_t hash(const Json& object) {
    std::string text(Resource::group_of(model::string_at(object, {"apiVersion"})));
    for (const std::string_view part :
         {model::string_at(object, {"kind"}), model::string_at(object, {"metadata", "namespace"}),
          model::string_at(object, {"metadata", "name"})}) {
      text += '\n';
      text += part;
    }
    return std::hash<std::string>()(text);
  }
  // A status that is written every few seconds changes the version and not the generation.
  static std::size_t version_of(const Json& object) {
    if (const auto generation = model::int_at(object, {"metadata", "generation"}); generation > 0) {
      return static_cast<std::size_t>(generation);
    }
    return std::hash<std::string_view>()(model::string_at(object, {"metadata", "resourceVersion"}));
  }

  std::unordered_map<std::size_t, std::size_t> m_seen;
};

// Who asks, as role bindings name subjects.
struct Identity {
  std::string user;
  std::vector<std::string> groups;

  [[nodiscard]] bool is(const Json& subject, std::string_view ns) const {
    const std::string_view kind = model::string_at(subject, {"kind"});
    const std::string name(model::string_at(subject, {"name"}));
    if (kind == "User") return name == user;
    if (kind == "Group") return std::find(groups.begin(), groups.end(), name) != groups.end();
    const std::string_view own = model::string_at(subject, {"namespace"}, ns);
    return kind == "ServiceAccount" &&
           user == "system:serviceaccount:" + std::string(own) + ":" + name;
  }
};

// nullopt when the server does not say (before Kubernetes 1.28).
std::optional<Identity> who_am_i(kube::Client& client) {
  const auto answer = client.create(
      Resource(Json{{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}}));
  if (!answer) return std::nullopt;
  Identity identity;
  identity.user = model::string_at(answer->json(), {"status", "userInfo", "username"});
  const Json* const groups = model::find_path(answer->json(), {"status", "userInfo", "groups"});
  if (groups != nullptr && groups->is_array()) {
    for (const Json& group : *groups) {
      if (group.is_string()) identity.groups.push_back(group.get<std::string>());
    }
  }
  return identity;
}

bool is_binding(std::string_view kind) {
  return kind == "RoleBinding" || kind == "ClusterRoleBinding";
}

bool takes_own_rights(const Resource& before, const Json& after, const Identity& identity) {
  if (!is_binding(before.kind())) return false;
  const Json* const subjects = model::find_path(before.json(), {"subjects"});
  const Json* const left = model::find_path(after, {"subjects"});
  if (subjects == nullptr || !subjects->is_array()) return false;
  return std::any_of(subjects->begin(), subjects->end(), [&](const Json& subject) {
    const bool stays =
        left != nullptr && std::find(left->begin(), left->end(), subject) != left->end();
    return !stays && identity.is(subject, before.ns());
  });
}

std::string count_of(std::int64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

// What a change of a pod template does to the pods that run.
std::vector<std::string> impacts_of(const Resource& object, const apply::Change& change) {
  const bool template_changes =
      std::any_of(change.fields.begin(), change.fields.end(), [](const auto& field) {
        return field.path.starts_with(".spec.template.") ||
               field.path.starts_with(".spec.jobTemplate.");
      });
  if (!template_changes) return {};
  const Json& json = object.json();
  const std::string_view kind = object.kind();
  if (kind == "CronJob") return {"counts from its next job on"};
  if (kind == "ReplicaSet" || kind == "ReplicationController") {
    return {"counts for new pods; those that run stay as they are"};
  }
  if (model::string_at(json, {"spec", "updateStrategy", "type"}) == "OnDelete") {
    return {"counts for a pod once it is deleted (updateStrategy OnDelete)"};
  }
  const std::int64_t pods = kind == "DaemonSet"
                                ? model::int_at(json, {"status", "currentNumberScheduled"})
                                : model::int_at(json, {"status", "replicas"});
  if (pods == 0) return {};
  return {"restarts its " + count_of(pods, "pod")};
}

// Errors after which asking about other objects is pointless.
bool ends_everything(ErrorCode code) {
  switch (code) {
    case ErrorCode::unreachable:
    case ErrorCode::disconnected:
    case ErrorCode::untrusted:
    case ErrorCode::unauthorized:
    case ErrorCode::throttled:
    case ErrorCode::timed_out:
    case ErrorCode::cancelled: return true;
    default: return false;
  }
}

// What came of planning one object: a plan, reasons to leave it, or an error that ends all.
struct Planned {
  std::optional<ObjectPlan> plan;
  apply::Step step;
  apply::Change change;
  std::vector<LeftOut> left;
  std::optional<Error> error;
};

class Planner {
 public:
  Planner(kube::Client& client, apply::Applier& applier, const Versions& versions,
          const FixOptions& options, std::optional<Identity> identity)
      : m_client(client),
        m_applier(applier),
        m_versions(versions),
        m_options(options),
        m_is_named(named_in(options.select)),
        m_identity(std::move(identity)) {}

  Planned plan(const Fix& fix) const {
    Planned planned;
    if (auto done = plan_into(fix, planned); !done) {
      if (ends_everything(done.error().code)) {
        planned.error = std::move(done).error();
      } else {
        leave(fix.findings, done.error().message, {}, planned);
      }
    }
    return planned;
  }

 private:
  static void leave(const std::vector<const Finding*>& findings, const std::string& reason,
                    const std::string& hint, Planned& planned, bool undecided = false) {
    for (const Finding* const finding : findings) {
      planned.left.push_back({finding, reason, hint, undecided});
    }
  }

  Result<> plan_into(const Fix& fix, Planned& planned) const {
    KAI_TRY_ASSIGN(const auto type,
                   m_client.resource_type(fix.object.api_version, fix.object.kind));
    KAI_TRY_ASSIGN(const auto live, m_client.get_if_exists(type, fix.object.ns, fix.object.name));
    if (!live) {
      leave(fix.findings, "it does not exist any more", {}, planned);
      return {};
    }
    if (fix.names_items() && !m_versions.is_same(*live)) {
      leave(fix.findings, "it has changed since it was audited", "run this again", planned);
      return {};
    }
    audit::Fixed fixed = audit::apply_fix(live->json(), fix);
    planned.left = std::move(fixed.left);
    if (fixed.object == live->json()) return {};
    const bool force = m_options.write.force_conflicts;
    if (const auto keeper = apply::keeper_of(*live); keeper && !force) {
      leave(fixed.made, "belongs to " + keeper->who + ": change " + keeper->change + " instead",
            "--force-conflicts writes all the same", planned);
      return {};
    }
    if (m_identity && takes_own_rights(*live, fixed.object, *m_identity)) {
      leave(fixed.made, "it would take away your own rights", {}, planned);
      return {};
    }
    planned.step = step_for(fix, fixed.made, *live);
    auto tried = m_applier.plan({planned.step});
    if (!tried) {
      if (ends_everything(tried.error().code)) return fail(std::move(tried).error());
      const std::string hint = fixed.made.size() > 1 ? "--select with one rule tries it alone" : "";
      leave(fixed.made, "the server refuses it: " + tried.error().message, hint, planned);
      return {};
    }
    planned.change = std::move(tried->set.changes.front());
    auto& warnings = planned.change.warnings;
    warnings.erase(std::unique(warnings.begin(), warnings.end()), warnings.end());
    if (!force && is_applied_by_others(*live, fixed.made, planned)) return {};
    if (!warnings.empty() && !are_named(fixed.made)) {
      std::string text = "to be decided first: the server warns";
      for (const std::string& warning : warnings) text += ": " + warning;
      leave(fixed.made, text, "--select " + std::string(fixed.made.front()->rule->id) + " does it",
            planned, true);
      return {};
    }
    planned.plan = ObjectPlan{std::move(fixed.made), live->json(), std::move(fixed.object),
                              impacts_of(*live, planned.change)};
    return {};
  }

  static bool is_applied_by_others(const Resource& live, const std::vector<const Finding*>& made,
                                   Planned& planned) {
    const auto conflicts = apply::applied_by_others(live, planned.change.fields);
    if (conflicts.empty()) return false;
    std::string text;
    for (const apply::Conflict& conflict : conflicts) {
      text += (text.empty() ? "" : ", ") + conflict.field.substr(1) + " is applied by \"" +
              conflict.manager + "\"";
    }
    leave(made, text + ": change what that applies instead",
          "--force-conflicts writes all the same", planned);
    return true;
  }

  [[nodiscard]] bool are_named(const std::vector<const Finding*>& findings) const {
    return std::all_of(findings.begin(), findings.end(),
                       [&](const Finding* finding) { return m_is_named(finding->rule->id); });
  }

  // Made anew for every version of the object that it meets.
  [[nodiscard]] apply::Step step_for(const Fix& fix, const std::vector<const Finding*>& made,
                                     const Resource& live) const {
    Fix part = fix;
    part.findings = made;
    const auto edit = [this, part](const Resource& now) -> Result<std::optional<Json>> {
      const auto changed = [&] {
        return Error(ErrorCode::invalid_input,
                     part.object.to_string() + " has changed since it was audited");
      };
      if (part.names_items() && !m_versions.is_same(now)) return fail(changed());
      const audit::Fixed again = audit::apply_fix(now.json(), part);
      if (!again.left.empty()) return fail(changed());
      if (again.object == now.json()) return std::nullopt;
      return model::merge_patch_between(now.json(), again.object);
    };
    return {apply::GuardedEdit{fix.object, edit, live}, {}};
  }

  kube::Client& m_client;
  apply::Applier& m_applier;
  const Versions& m_versions;
  const FixOptions& m_options;
  audit::IsNamed m_is_named;
  std::optional<Identity> m_identity;
};

class View : public cli::PlanView {
 public:
  View(cli::Session& session, cli::Output output, std::vector<ObjectPlan> plans,
       const std::vector<LeftOut>& left)
      : m_session(session), m_output(output), m_plans(std::move(plans)), m_left(left) {}

  void show_plan(const apply::ChangeSet& set) override {
    const int width = m_session.context().out_terminal.width;
    show(fix_plan_text(set, m_plans, m_session.palette(), width) +
         left_text(m_left, m_session.palette(), width));
    if (set.changes.empty()) return;
    std::size_t patches = 0;
    for (const ObjectPlan& plan : m_plans) patches += plan.findings.size();
    show(count_text(patches, m_plans.size(), "object") +
         (m_left.empty() ? "" : ", " + std::to_string(m_left.size()) + " left out") + "\n");
  }
  void show_line(const std::string& text) override { show(text + "\n"); }
  void show_outcome(const apply::ChangeSet& set) override {
    show(fix_outcome_text(set, m_session.palette()));
  }
  void finish(const apply::ChangeSet& set) override {
    if (!is_document()) return;
    m_session.context().out << output::render_document(m_output == cli::Output::json
                                                           ? output::DocumentFormat::json
                                                           : output::DocumentFormat::yaml,
                                                       "AuditFix", fix_json(set, m_plans, m_left))
                            << std::flush;
  }

 private:
  [[nodiscard]] bool is_document() const {
    return m_output == cli::Output::json || m_output == cli::Output::yaml;
  }
  void show(const std::string& text) {
    if (!is_document()) m_session.context().out << text << std::flush;
  }

  cli::Session& m_session;
  cli::Output m_output;
  std::vector<ObjectPlan> m_plans;
  const std::vector<LeftOut>& m_left;
};

std::string nothing_to_do(const audit::Fixes& fixes, bool all_seen) {
  const std::int64_t others = fixes.without_patch;
  std::string text = "Nothing to fix";
  if (!fixes.left.empty()) {
    text = "Nothing was fixed: " + std::to_string(fixes.left.size()) + " left out";
  } else if (others > 0) {
    text += ": " + count_of(others, "finding") + ", none with a patch";
  } else {
    text += all_seen ? ": nothing was found" : " in what could be read";
  }
  return text + ", 0 writes";
}

}  // namespace

Result<ExitCode> fix_cluster(cli::Session& session, const FixOptions& options,
                             std::span<const audit::Rule* const> rules, const SetAside& aside) {
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  Versions versions;
  audit::LiveOptions live;
  if (!session.flags().all_namespaces) live.ns = session.flags().connection.ns;
  live.thresholds = options.thresholds;
  live.seen = [&versions](const Json& object) { versions.add(object); };
  if (session.context().err_terminal.is_terminal) {
    live.progress = [&session](std::string_view line) { session.progress(line); };
  }
  KAI_TRY_ASSIGN(const audit::Evidence evidence,
                 audit::read_cluster(*client, session.context(), rules, live));
  audit::Report report = audit::run_rules(evidence.facts, rules, evidence.gaps);
  aside.apply(report, evidence.facts, evidence.facts.now);
  audit::Fixes fixes = audit::collect_fixes(report, named_in(options.select));

  apply::ApplierOptions applier_options;
  applier_options.dry_run = cli::dry_run_of(options.write.dry_run);
  applier_options.progress = [&session](const apply::Change& change) {
    if (change.outcome == apply::Outcome::done) {
      session.progress(change.ref.to_string() + " configured");
    }
  };
  apply::Applier applier(*client, session.context().cancel, std::move(applier_options));

  cli::say_busy(session, "trying the patches on the server");
  std::optional<Identity> identity;
  const bool rights = std::any_of(fixes.objects.begin(), fixes.objects.end(),
                                  [](const Fix& fix) { return is_binding(fix.object.kind); });
  if (rights) identity = who_am_i(*client);
  const Planner planner(*client, applier, versions, options, std::move(identity));
  std::vector<Planned> planned(fixes.objects.size());
  apply::parallel(planned.size(),
                  [&](std::size_t i) { planned[i] = planner.plan(fixes.objects[i]); });

  apply::Plan plan;
  std::vector<ObjectPlan> plans;
  for (Planned& object : planned) {
    if (object.error) return fail(*std::move(object.error));
    fixes.left.insert(fixes.left.end(), object.left.begin(), object.left.end());
    if (!object.plan) continue;
    plan.steps.push_back(std::move(object.step));
    plan.set.changes.push_back(std::move(object.change));
    plans.push_back(*std::move(object.plan));
  }
  cli::WriteOptions write = options.write;
  std::size_t patches = 0;
  for (const ObjectPlan& object : plans) patches += object.findings.size();
  write.question = "Apply " + count_text(patches, plans.size(), "object") + "?";
  write.nothing_to_do = nothing_to_do(fixes, report.coverage.complete());
  View view(session, options.output, std::move(plans), fixes.left);
  KAI_TRY_ASSIGN(const ExitCode code, cli::write_plan(session, applier, plan, view, write));
  return fix_exit_code(session, code, report, fixes.left, options);
}

}  // namespace kai::audit_command
