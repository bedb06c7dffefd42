#include <kai/apply/applier.hpp>

#include <kai/apply/admission.hpp>
#include <kai/apply/already.hpp>
#include <kai/apply/parallel.hpp>
#include <kai/model/diff.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <utility>

namespace kai::apply {

namespace {

using model::Json;
using model::ObjectRef;
using model::Resource;

// A guarded edit that loses this often meets something that is no ordinary writer.
constexpr int k_max_edit_tries = 100;
// Answers that got lost on the way (a reset, a 5xx): the edit is decided anew each time.
constexpr int k_max_lost_answers = 8;

Result<std::optional<Resource>> read(kube::Client& client, const ObjectRef& ref) {
  KAI_TRY_ASSIGN(const auto type, client.resource_type(ref.api_version, ref.kind));
  return client.get_if_exists(type, ref.ns, ref.name);
}

Error gone(const ObjectRef& ref) {
  return Error(ErrorCode::not_found, ref.to_string() + " does not exist any more");
}

bool is_lost_answer(const Error& error) {
  return error.code == ErrorCode::disconnected || error.code == ErrorCode::server;
}

// Errors after which asking for other objects is pointless.
bool stops_everything(ErrorCode code) {
  switch (code) {
    case ErrorCode::unreachable:
    case ErrorCode::disconnected:
    case ErrorCode::untrusted:
    case ErrorCode::unauthorized:
    case ErrorCode::throttled:
    case ErrorCode::server:
    case ErrorCode::timed_out:
    case ErrorCode::cancelled: return true;
    default: return false;
  }
}

// Errors that leave open whether the write took effect.
bool leaves_open(ErrorCode code) {
  switch (code) {
    case ErrorCode::disconnected:
    case ErrorCode::server:
    case ErrorCode::timed_out:
    case ErrorCode::cancelled: return true;
    default: return false;
  }
}

bool needs_existing(const Resource& config) {
  return !config.uid().empty();
}

kube::DryRun server_side(DryRun mode) {
  return mode == DryRun::server ? kube::DryRun::server : kube::DryRun::none;
}

// The patch that fails when the object has changed since it was made.
Json guarded(Json patch, const Resource& live) {
  patch.merge_patch(Json{{"metadata", {{"resourceVersion", live.resource_version()}}}});
  return patch;
}

void set_fields(Change& change, const Resource& before, const Resource& after) {
  change.fields = model::diff(model::without_bookkeeping(before.json()),
                              model::without_bookkeeping(after.json()));
  change.action = change.fields.empty() ? Action::unchanged : Action::configure;
}

bool comes(const std::vector<ObjectRef>& coming, std::string_view ns) {
  return std::any_of(coming.begin(), coming.end(), [&](const ObjectRef& other) {
    return other.kind == "Namespace" && other.name == ns;
  });
}

// From how many saved dry runs on it pays to ask what admission looks at.
constexpr std::size_t k_worth_asking = 8;

// The steps that need no dry run of their own, since the server is asked about one that
// differs from them in nothing but its namespace.
std::vector<bool> answered_by_others(kube::Client& client, const std::vector<Step>& steps,
                                     const std::vector<ObjectRef>& coming) {
  std::vector<bool> answered(steps.size(), false);
  std::set<std::string> asked;
  std::set<std::pair<std::string, std::string>> kinds;
  std::size_t count = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto* const step = std::get_if<ApplyConfig>(&steps[i].action);
    if (step == nullptr || !step->is_new || step->config.ns().empty()) continue;
    // The server cannot answer for a namespace that is not there yet.
    if (comes(coming, step->config.ns())) continue;
    Json config = step->config.json();
    config["metadata"].erase("namespace");
    answered[i] = !asked.insert(config.dump()).second;
    if (!answered[i]) continue;
    ++count;
    kinds.emplace(step->config.api_version(), step->config.kind());
  }
  std::vector<kube::ResourceType> types;
  for (const auto& [api_version, kind] : kinds) {
    if (auto type = client.resource_type(api_version, kind)) types.push_back(*std::move(type));
  }
  if (count < k_worth_asking || types.size() != kinds.size() ||
      !admits_alike_everywhere(client, types)) {
    answered.assign(steps.size(), false);
  }
  return answered;
}

// What is wrong with a plan, in one message.
std::optional<Error> all_of(const std::vector<const Error*>& errors) {
  constexpr std::size_t k_told = 10;
  if (errors.empty()) return std::nullopt;
  Error all = *errors.front();
  if (errors.size() == 1) return all;
  all = Error(all.code, std::to_string(errors.size()) + " objects are refused").with_hint(all.hint);
  for (std::size_t i = 0; i < std::min(errors.size(), k_told); ++i) {
    all.message += (i == 0 ? ": " : "; ") + errors[i]->to_string();
  }
  if (errors.size() > k_told) {
    all.message += "; and " + std::to_string(errors.size() - k_told) + " more";
  }
  return all;
}

}  // namespace

// Plans and carries out single steps.
struct Applier::Worker {
  kube::Client& client;
  const Cancel& cancel;
  const ApplierOptions& options;

  Result<Change> plan_step(const Step& step, const std::vector<ObjectRef>& coming) {
    Change change;
    change.ref = ref_of(step);
    change.note = step.note;
    Result<> planned = std::visit(
        [&](const auto& action) { return this->plan(action, coming, change); }, step.action);
    if (!planned) {
      return fail(std::move(planned).error().while_doing("planning " + change.ref.to_string()));
    }
    return change;
  }

  Result<> plan(const ApplyConfig& step, const std::vector<ObjectRef>& coming, Change& change) {
    std::optional<Resource> live = step.live;
    if (!live && !step.is_new) {
      KAI_TRY_ASSIGN(live, read(client, change.ref));
    }
    if (!live && needs_existing(step.config)) return fail(gone(change.ref));
    if (live && is_applied(*live, step.config)) return {};
    if (options.dry_run == DryRun::client) return plan_locally(step, live, change);

    kube::ApplyOptions apply;
    apply.dry_run = kube::DryRun::server;
    apply.warnings = &change.warnings;
    Result<Resource> after = client.apply(step.config, apply);
    if (!after && after.error().code == ErrorCode::conflict) {
      change.conflicts = conflicts_of(after.error());
      if (change.conflicts.empty()) return fail(std::move(after).error());
      apply.force = kube::Force::yes;
      change.warnings.clear();
      after = client.apply(step.config, apply);
    }
    if (!after) {
      // Its namespace or its kind comes with this very plan.
      if (!live && after.error().code == ErrorCode::not_found && follows(change.ref, coming)) {
        change.action = Action::create;
        return {};
      }
      return fail(std::move(after).error());
    }
    if (!live) {
      change.action = Action::create;
      return {};
    }
    set_fields(change, *live, *after);
    return {};
  }

  // Without asking the server: exact for maps such as labels, and as near as a client
  // can come for lists, which the server merges by keys of its own.
  static Result<> plan_locally(const ApplyConfig& step, const std::optional<Resource>& live,
                               Change& change) {
    if (!live) {
      change.action = Action::create;
      return {};
    }
    if (model::covers(live->json(), step.config.json())) return {};
    Resource after = *live;
    after.json().merge_patch(step.config.json());
    set_fields(change, *live, after);
    return {};
  }

  Result<> plan(const GuardedEdit& step, const std::vector<ObjectRef>& /*coming*/, Change& change) {
    std::optional<Resource> live = step.live;
    if (!live) {
      KAI_TRY_ASSIGN(live, read(client, step.ref));
      if (!live) return fail(gone(step.ref));
    }
    const Result<std::optional<Json>> patch = step.edit(*live);
    if (!patch) {
      // Someone is in the way: that belongs into the plan, as the server's conflicts do.
      change.conflicts = conflicts_of(patch.error());
      if (change.conflicts.empty()) return fail(patch.error());
      change.action = Action::configure;
      return {};
    }
    if (!*patch) return {};
    Resource after = *live;
    after.json().merge_patch(**patch);
    set_fields(change, *live, after);
    if (change.action == Action::unchanged || options.dry_run == DryRun::client) return {};
    // The server's validation and admission have their say before anything is written.
    return edit(step, kube::DryRun::server, &change.warnings);
  }

  Result<> plan(const Remove& step, const std::vector<ObjectRef>& /*coming*/, Change& change) {
    KAI_TRY_ASSIGN(const std::optional<Resource> live, read(client, step.ref));
    const bool same = live && (step.uid.empty() || live->uid() == step.uid);
    change.action = same ? Action::remove : Action::unchanged;
    return {};
  }

  static bool follows(const ObjectRef& ref, const std::vector<ObjectRef>& coming) {
    return comes(coming, ref.ns) ||
           std::any_of(coming.begin(), coming.end(), [](const ObjectRef& other) {
             return other.kind == "CustomResourceDefinition";
           });
  }

  Result<> write(const Step& step) {
    return std::visit([&](const auto& action) { return this->write(action); }, step.action);
  }

  Result<> write(const ApplyConfig& step) {
    kube::ApplyOptions apply;
    apply.dry_run = server_side(options.dry_run);
    apply.force = options.force;
    KAI_TRY(client.apply(step.config, apply));
    return {};
  }

  Result<> write(const GuardedEdit& step) { return edit(step, server_side(options.dry_run)); }

  Result<> edit(const GuardedEdit& step, kube::DryRun dry_run,
                std::vector<std::string>* warnings = nullptr) {
    KAI_TRY_ASSIGN(const auto type, client.resource_type(step.ref.api_version, step.ref.kind));
    std::optional<Resource> live = step.live;
    std::minstd_rand jitter{std::random_device{}()};
    int lost = 0;
    for (int tries = 0; tries < k_max_edit_tries; ++tries) {
      if (!live) {
        KAI_TRY_ASSIGN(live, client.get_if_exists(type, step.ref.ns, step.ref.name));
        if (!live) return fail(gone(step.ref));
      }
      KAI_TRY_ASSIGN(const std::optional<Json> patch, step.edit(*live));
      if (!patch) return {};
      kube::PatchOptions patch_options;
      patch_options.dry_run = dry_run;
      // If the first one took effect, the second is a conflict, and we look again.
      patch_options.repeat = kube::Repeat::yes;
      patch_options.warnings = warnings;
      const auto patched = client.patch(type, step.ref.ns, step.ref.name, kube::PatchType::merge,
                                        guarded(*patch, *live), patch_options);
      if (patched) return {};
      const bool lost_answer = is_lost_answer(patched.error());
      if (patched.error().code != ErrorCode::conflict && !lost_answer) return fail(patched.error());
      if (lost_answer && ++lost > k_max_lost_answers) return fail(patched.error());
      live.reset();
      // Writers that collided would otherwise meet again in step.
      const std::chrono::milliseconds pause(jitter() % 20u * static_cast<unsigned>(tries));
      if (cancel.wait_for(pause)) return fail(ErrorCode::cancelled, "interrupted");
    }
    return fail(ErrorCode::conflict, step.ref.to_string() +
                                         " was changed by someone else at each of " +
                                         std::to_string(k_max_edit_tries) + " tries");
  }

  Result<> write(const Remove& step) {
    KAI_TRY_ASSIGN(const auto type, client.resource_type(step.ref.api_version, step.ref.kind));
    kube::DeleteOptions remove;
    remove.dry_run = server_side(options.dry_run);
    remove.uid = step.uid;
    const auto removed = client.remove(type, step.ref.ns, step.ref.name, remove);
    // Another object has taken the name: ours is gone.
    if (!removed && removed.error().code != ErrorCode::conflict) return fail(removed.error());
    return {};
  }
};

Applier::Applier(kube::Client& client, Cancel cancel, ApplierOptions options)
    : m_client(client), m_cancel(std::move(cancel)), m_options(std::move(options)) {}

Result<Plan> Applier::plan(std::vector<Step> steps) {
  std::vector<ObjectRef> coming;
  for (const Step& step : steps) {
    if (std::holds_alternative<ApplyConfig>(step.action)) coming.push_back(ref_of(step));
  }
  std::erase_if(coming, [](const ObjectRef& ref) { return stage_of(ref) != Stage::definitions; });

  Worker worker{m_client, m_cancel, m_options};
  std::vector<std::optional<Result<Change>>> planned(steps.size());
  std::atomic<bool> stop = false;
  std::vector<bool> answered(steps.size(), false);
  if (m_options.dry_run != DryRun::client) answered = answered_by_others(m_client, steps, coming);
  parallel(steps.size(), [&](std::size_t i) {
    if (stop || m_cancel.requested()) return;
    if (answered[i]) {
      planned[i].emplace(Change());
      (*planned[i])->ref = ref_of(steps[i]);
      (*planned[i])->note = steps[i].note;
      (*planned[i])->action = Action::create;
      return;
    }
    planned[i] = worker.plan_step(steps[i], coming);
    if (!*planned[i] && stops_everything(planned[i]->error().code)) stop = true;
  });

  Plan plan;
  std::vector<const Error*> errors;
  for (const auto& result : planned) {
    if (!result || *result) continue;
    if (stops_everything(result->error().code)) return fail(result->error());
    errors.push_back(&result->error());
  }
  if (auto error = all_of(errors)) return fail(*std::move(error));
  if (m_cancel.requested()) return fail(ErrorCode::cancelled, "interrupted; nothing was written");
  for (auto& result : planned) plan.set.changes.push_back(std::move(**result));
  plan.steps = std::move(steps);
  return plan;
}

Applied Applier::run(const Plan& plan) {
  Applied applied{plan.set, std::nullopt};
  std::vector<Change>& changes = applied.set.changes;
  if (m_options.dry_run == DryRun::client) return applied;
  if (plan.set.has_conflicts() && m_options.force == kube::Force::no) {
    for (Change& change : changes) change.outcome = Outcome::skipped;
    applied.error = conflict_error(plan.set);
    return applied;
  }

  Worker worker{m_client, m_cancel, m_options};
  std::atomic<bool> stop = false;
  std::mutex mutex;  // guards applied.error and progress
  const auto record_error = [&](const Error& error) {
    const std::scoped_lock lock(mutex);
    if (!applied.error) applied.error = error;
  };

  const auto do_change = [&](std::size_t i) {
    Change& change = changes[i];
    if (stop || m_cancel.requested()) {
      change.outcome = Outcome::skipped;
      return false;
    }
    Result<> written = worker.write(plan.steps[i]);
    if (written) {
      change.outcome = Outcome::done;
    } else {
      const Error& error = written.error();
      change.outcome = leaves_open(error.code) ? Outcome::unknown : Outcome::failed;
      change.error = error;
      if (change.conflicts.empty()) change.conflicts = conflicts_of(error);
      if (stops_everything(error.code)) stop = true;
      record_error(error);
    }
    if (m_options.progress) {
      const std::scoped_lock lock(mutex);
      m_options.progress(change);
    }
    return change.outcome == Outcome::done;
  };

  // Writes by stage, then removals the other way round; objects of a phase side by side.
  const auto run_phase = [&](Stage stage, bool removals) {
    std::map<ObjectRef, std::vector<std::size_t>> by_object;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (changes[i].action == Action::unchanged || stage_of(changes[i].ref) != stage) continue;
      if (std::holds_alternative<Remove>(plan.steps[i].action) != removals) continue;
      by_object[changes[i].ref].push_back(i);
    }
    std::vector<std::vector<std::size_t>> objects;
    for (auto& [ref, indices] : by_object) objects.push_back(std::move(indices));
    std::stable_sort(objects.begin(), objects.end(), [&](const auto& a, const auto& b) {
      const int left = rank_of(changes[a.front()].ref);
      const int right = rank_of(changes[b.front()].ref);
      return removals ? left > right : left < right;
    });
    parallel(objects.size(), [&](std::size_t object) {
      bool going = true;
      for (const std::size_t i : objects[object]) {
        // A later step builds on the earlier one.
        if (going) {
          going = do_change(i);
        } else {
          changes[i].outcome = Outcome::skipped;
        }
      }
    });
    std::vector<Change> written;
    for (const auto& indices : objects) {
      for (const std::size_t i : indices) {
        if (changes[i].outcome == Outcome::done) written.push_back(changes[i]);
      }
    }
    if (!m_options.gate || written.empty() || stop || removals) return;
    if (const Result<> waited = m_options.gate(stage, written); !waited) {
      stop = true;
      record_error(waited.error());
    }
  };
  for (const Stage stage : k_stages) run_phase(stage, false);
  for (auto stage = std::rbegin(k_stages); stage != std::rend(k_stages); ++stage) {
    run_phase(*stage, true);
  }
  if (!applied.error && m_cancel.requested() && applied.set.count(Outcome::skipped) > 0) {
    applied.error = Error(ErrorCode::cancelled, "interrupted");
  }
  return applied;
}

void Applier::settle(kube::Client& client, const Plan& plan, ChangeSet& set) {
  const Cancel never;
  const ApplierOptions options;
  for (std::size_t i = 0; i < set.changes.size(); ++i) {
    Change& change = set.changes[i];
    if (change.outcome != Outcome::unknown) continue;
    Step step = plan.steps[i];
    // What was read for the plan is out of date.
    if (auto* config = std::get_if<ApplyConfig>(&step.action)) config->live.reset();
    if (auto* edit = std::get_if<GuardedEdit>(&step.action)) edit->live.reset();
    Worker worker{client, never, options};
    const Result<Change> now = worker.plan_step(step, {});
    if (!now) {
      if (stops_everything(now.error().code)) return;
      continue;
    }
    change.outcome = now->action == Action::unchanged ? Outcome::done : Outcome::skipped;
  }
}

}  // namespace kai::apply
