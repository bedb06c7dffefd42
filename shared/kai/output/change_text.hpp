// Changes of a ChangeSet as people read them, and as documents, for every plugin that
// writes. Pure functions.
#pragma once

#include <kai/apply/change.hpp>
#include <kai/model/json.hpp>
#include <kai/output/style.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kai::output {

// Paths of fields that are nobody's business (records of our own), as Difference has them.
using Hidden = std::vector<std::string>;

// What would change, object by object; nodes with the same changes are told together.
// `width` 0 never breaks lines.
std::string changes_text(const apply::ChangeSet& set, const Palette& palette, int width,
                         const Hidden& hidden = {});

// "2 to create, 3 to configure, 1 to delete, 4 unchanged".
std::string changes_summary(const apply::ChangeSet& set);

// One write: "Node gpu-a: +label a=b"; "DaemonSet kube-system/x created" or "create
// DaemonSet kube-system/x".
enum class Tense { past, infinitive };
std::string change_line(const apply::Change& change, Tense tense, const Hidden& hidden = {});

// After writing: what was done, and where it did not go well, object by object.
std::string outcome_text(const apply::ChangeSet& set, const Palette& palette,
                         const Hidden& hidden = {});

// Parts of documents: {apiVersion, kind, name, namespace?}; a list of changes; how many of
// each kind.
model::Json ref_json(const model::ObjectRef& ref);
model::Json changes_json(const apply::ChangeSet& set);
model::Json changes_summary_json(const apply::ChangeSet& set);

// "ns/name", or "name".
std::string short_name(const model::ObjectRef& ref);
// "a, b, c" in lines of at most `width`, never breaking a name; the first line begins
// after `first` columns, the others are indented by `indent`.
std::string wrapped(const std::vector<std::string>& names, int first, int indent, int width);
// Names in full up to a handful; of more the first few and how many there are.
std::vector<std::string> abridged(const std::vector<std::string>& names);

}  // namespace kai::output
