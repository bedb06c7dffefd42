#include <kai/apply/change.hpp>

#include <algorithm>

namespace kai::apply {

std::string_view to_string(Action action) {
  switch (action) {
    case Action::unchanged: return "unchanged";
    case Action::create: return "create";
    case Action::configure: return "configure";
    case Action::remove: return "delete";
  }
  return "";
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::planned: return "planned";
    case Outcome::done: return "done";
    case Outcome::failed: return "failed";
    case Outcome::unknown: return "unknown";
    case Outcome::skipped: return "skipped";
  }
  return "";
}

std::size_t ChangeSet::count(Action action) const {
  return static_cast<std::size_t>(
      std::count_if(changes.begin(), changes.end(),
                    [&](const Change& change) { return change.action == action; }));
}

std::size_t ChangeSet::count(Outcome outcome) const {
  return static_cast<std::size_t>(
      std::count_if(changes.begin(), changes.end(), [&](const Change& change) {
        return change.action != Action::unchanged && change.outcome == outcome;
      }));
}

bool ChangeSet::pending() const {
  return std::any_of(changes.begin(), changes.end(), [](const Change& change) {
    return change.action != Action::unchanged && change.outcome != Outcome::done;
  });
}

bool ChangeSet::has_conflicts() const {
  return std::any_of(changes.begin(), changes.end(),
                     [](const Change& change) { return !change.conflicts.empty(); });
}

Error conflict_error(const ChangeSet& set) {
  Error error(ErrorCode::conflict, "");
  for (const Change& change : set.changes) {
    for (const Conflict& conflict : change.conflicts) {
      const std::string manager =
          conflict.manager.empty() ? "someone else" : "\"" + conflict.manager + "\"";
      error.causes.push_back(
          {"FieldManagerConflict", conflict.field,
           change.ref.to_string() + ": " + conflict.field + " is managed by " + manager});
    }
  }
  error.message = error.causes.size() == 1 ? "a field belongs to another field manager"
                                           : std::to_string(error.causes.size()) +
                                                 " fields belong to other field managers";
  error.reason = "Conflict";
  error.hint = "nothing was written; --force-conflicts takes them over";
  return error;
}

std::vector<Conflict> conflicts_of(const Error& error) {
  std::vector<Conflict> conflicts;
  for (const Cause& cause : error.causes) {
    if (cause.reason != "FieldManagerConflict") continue;
    // The server's words: conflict with "helm" using v1: …
    const std::size_t open = cause.message.find('"');
    const std::size_t close = open == std::string::npos ? open : cause.message.find('"', open + 1);
    conflicts.push_back({close == std::string::npos
                             ? std::string()
                             : cause.message.substr(open + 1, close - open - 1),
                         cause.field});
  }
  return conflicts;
}

}  // namespace kai::apply
