// Change and ChangeSet: what would be, or was, done to a cluster. Plain values.
#pragma once

#include <kai/base/error.hpp>
#include <kai/model/diff.hpp>
#include <kai/model/resource.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kai::apply {

enum class Action { unchanged, create, configure, remove };
std::string_view to_string(Action action);  // kubectl's words: "created" is past, these are not

// How far a change has come. `unknown`: the request went out and no answer came back,
// and the object could not be read afterwards either.
enum class Outcome { planned, done, failed, unknown, skipped };
std::string_view to_string(Outcome outcome);

// A field that another manager owns and that we would have to take over.
struct Conflict {
  std::string manager;  // "helm", "kubectl-label"
  std::string field;    // ".metadata.labels.nvidia.com/gpu"
  bool operator==(const Conflict&) const = default;
};

struct Change {
  model::ObjectRef ref;
  Action action = Action::unchanged;
  std::vector<model::Difference> fields;  // of configure; empty for create and remove
  std::vector<Conflict> conflicts;
  std::string note;                   // why it is so, where that is not obvious; may be empty
  std::vector<std::string> warnings;  // the server's, when it was planned
  Outcome outcome = Outcome::planned;
  std::optional<Error> error;  // of a failed or unknown outcome
};

struct ChangeSet {
  std::vector<Change> changes;

  [[nodiscard]] std::size_t count(Action action) const;
  [[nodiscard]] std::size_t count(Outcome outcome) const;
  // Whether anything would be written.
  [[nodiscard]] bool pending() const;
  [[nodiscard]] bool has_conflicts() const;
};

// The conflict as an error that names every field and its manager.
Error conflict_error(const ChangeSet& changes);

// The managers and fields in a 409's causes (reason FieldManagerConflict).
std::vector<Conflict> conflicts_of(const Error& error);

}  // namespace kai::apply
