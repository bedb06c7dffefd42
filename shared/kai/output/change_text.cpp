#include <kai/output/change_text.hpp>

#include <kai/model/taint.hpp>
#include <kai/output/style.hpp>

#include <algorithm>
#include <map>

namespace kai::output {

namespace {

using apply::Action;
using apply::Change;
using apply::Outcome;
using model::Json;

constexpr std::string_view k_label_path = ".metadata.labels.";

std::string scalar(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::vector<model::Taint> taints_of(const std::optional<Json>& list) {
  std::vector<model::Taint> taints;
  if (!list || !list->is_array()) return taints;
  for (const Json& taint : *list) taints.push_back(model::Taint::from_json(taint));
  return taints;
}

bool contains(const std::vector<model::Taint>& taints, const model::Taint& taint) {
  return std::find(taints.begin(), taints.end(), taint) != taints.end();
}

struct Line {
  char sign = '~';
  std::string text;
  Style style = Style::plain;
};

Style style_of(char sign) {
  switch (sign) {
    case '+': return Style::good;
    case '-':
    case '!': return Style::bad;
    default: return Style::warning;
  }
}

void add_field(const model::Difference& field, const Hidden& hidden, std::vector<Line>& lines) {
  if (std::find(hidden.begin(), hidden.end(), field.path) != hidden.end()) return;
  if (field.path == ".spec.taints") {
    const auto before = taints_of(field.before);
    const auto after = taints_of(field.after);
    for (const model::Taint& taint : before) {
      if (!contains(after, taint)) lines.push_back({'-', "taint " + taint.to_string()});
    }
    for (const model::Taint& taint : after) {
      if (!contains(before, taint)) lines.push_back({'+', "taint " + taint.to_string()});
    }
    return;
  }
  std::string name = field.path.substr(field.path.starts_with('.') ? 1 : 0);
  std::string join = ": ";
  if (field.path.starts_with(k_label_path)) {
    name = "label " + field.path.substr(k_label_path.size());
    join = "=";
  }
  if (!field.before) {
    lines.push_back({'+', name + join + scalar(*field.after)});
  } else if (!field.after) {
    lines.push_back({'-', name + join + scalar(*field.before)});
  } else {
    lines.push_back({'~', name + join + scalar(*field.before) + " → " + scalar(*field.after)});
  }
}

// All changes to one object, which several steps may make.
struct ObjectChange {
  model::ObjectRef ref;
  Action action = Action::unchanged;
  std::vector<Line> lines;
};

std::vector<ObjectChange> by_object(const apply::ChangeSet& set, const Hidden& hidden) {
  std::vector<ObjectChange> objects;
  std::map<model::ObjectRef, std::size_t> index;
  for (const Change& change : set.changes) {
    const auto [entry, inserted] = index.emplace(change.ref, objects.size());
    if (inserted) objects.push_back({change.ref, Action::unchanged, {}});
    ObjectChange& object = objects[entry->second];
    if (change.action != Action::unchanged) object.action = change.action;
    for (const model::Difference& field : change.fields) add_field(field, hidden, object.lines);
    for (const apply::Conflict& conflict : change.conflicts) {
      std::string text = conflict.field.substr(conflict.field.starts_with('.') ? 1 : 0);
      if (conflict.field.starts_with(k_label_path)) {
        text = "label " + conflict.field.substr(k_label_path.size());
      }
      text += " is managed by ";
      text += conflict.manager.empty() ? "someone else" : "\"" + conflict.manager + "\"";
      object.lines.push_back({'!', std::move(text)});
    }
    if (!change.note.empty() && change.action != Action::unchanged) {
      object.lines.push_back({' ', change.note});
    }
    for (const std::string& warning : change.warnings) object.lines.push_back({'!', warning});
  }
  std::stable_sort(objects.begin(), objects.end(), [](const auto& a, const auto& b) {
    return (a.ref.kind == "Node") > (b.ref.kind == "Node");
  });
  for (ObjectChange& object : objects) {
    std::stable_partition(object.lines.begin(), object.lines.end(),
                          [](const Line& line) { return line.text.starts_with("label "); });
  }
  return objects;
}

char sign_of(Action action) {
  switch (action) {
    case Action::create: return '+';
    case Action::remove: return '-';
    default: return '~';
  }
}

Json change_json(const Change& change) {
  Json json{{"object", ref_json(change.ref)}, {"action", apply::to_string(change.action)}};
  Json fields = Json::array();
  for (const model::Difference& field : change.fields) {
    Json entry{{"path", field.path}};
    if (field.before) entry.emplace("before", *field.before);
    if (field.after) entry.emplace("after", *field.after);
    fields.push_back(std::move(entry));
  }
  if (!fields.empty()) json.emplace("fields", std::move(fields));
  Json conflicts = Json::array();
  for (const apply::Conflict& conflict : change.conflicts) {
    conflicts.push_back({{"manager", conflict.manager}, {"field", conflict.field}});
  }
  if (!conflicts.empty()) json.emplace("conflicts", std::move(conflicts));
  if (!change.note.empty()) json.emplace("note", change.note);
  if (!change.warnings.empty()) json.emplace("warnings", change.warnings);
  if (change.outcome != Outcome::planned) {
    json.emplace("outcome", apply::to_string(change.outcome));
  }
  if (change.error) json.emplace("error", change.error->to_string());
  return json;
}

}  // namespace

std::string short_name(const model::ObjectRef& ref) {
  return ref.ns.empty() ? ref.name : ref.ns + "/" + ref.name;
}

// "a, b, c" in lines of at most `width`, never breaking a name; the first line begins
// after `first` columns, the others are indented by `indent`.
std::string wrapped(const std::vector<std::string>& names, int first, int indent, int width) {
  std::string text;
  int at = first;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name = safe_text(names[i]) + (i + 1 < names.size() ? "," : "");
    const int needed = display_width(name) + 1;
    if (i > 0 && width > 0 && at + needed > width) {
      text += "\n" + std::string(static_cast<std::size_t>(indent), ' ');
      at = indent;
    } else if (i > 0) {
      text += " ";
      ++at;
    }
    text += name;
    at += needed - 1;
  }
  return text;
}

// Names in full up to a handful; of more the first few and how many there are.
std::vector<std::string> abridged(const std::vector<std::string>& names) {
  constexpr std::size_t most = 12;
  if (names.size() <= most) return names;
  std::vector<std::string> shown(names.begin(), names.begin() + most - 2);
  shown.push_back("… " + std::to_string(names.size() - shown.size()) + " more");
  return shown;
}

std::string changes_text(const apply::ChangeSet& set, const Palette& palette, int width,
                         const Hidden& hidden) {
  std::string text;
  // Nodes with equal lines are one group.
  std::vector<std::pair<ObjectChange, std::vector<std::string>>> groups;
  std::map<std::string, std::size_t> index;
  for (ObjectChange& object : by_object(set, hidden)) {
    if (object.action == Action::unchanged && object.lines.empty()) continue;
    std::string key;
    if (object.ref.kind == "Node") {
      for (const Line& line : object.lines) key += line.sign + line.text + "\n";
    } else {
      key = object.ref.to_string();
    }
    const auto [entry, inserted] = index.emplace(std::move(key), groups.size());
    std::string name = short_name(object.ref);
    if (inserted) groups.emplace_back(std::move(object), std::vector<std::string>{});
    groups[entry->second].second.push_back(std::move(name));
  }
  for (const auto& [object, names] : groups) {
    const char sign = sign_of(object.action);
    text += palette.paint(style_of(sign), std::string(1, sign)) + " ";
    text += palette.paint(Style::bold, object.ref.kind) + " ";
    const int indent = 3 + display_width(object.ref.kind);
    text += wrapped(abridged(names), indent, indent, width) + "\n";
    for (const Line& line : object.lines) {
      text += "    " + palette.paint(style_of(line.sign), std::string(1, line.sign)) + " ";
      const std::string safe = safe_text(line.text);
      text += (width > 0 ? shorten(safe, std::max(20, width - 6)) : safe) + "\n";
    }
  }
  return text;
}

std::string changes_summary(const apply::ChangeSet& set) {
  std::size_t created = 0;
  std::size_t configured = 0;
  std::size_t removed = 0;
  std::size_t unchanged = 0;
  for (const ObjectChange& object : by_object(set, {})) {
    switch (object.action) {
      case Action::create: ++created; break;
      case Action::configure: ++configured; break;
      case Action::remove: ++removed; break;
      case Action::unchanged: ++unchanged; break;
    }
  }
  std::string text;
  const auto put = [&](std::size_t count, std::string_view what) {
    if (count == 0) return;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(what);
  };
  put(created, "to create");
  put(configured, "to configure");
  put(removed, "to delete");
  put(unchanged, "unchanged");
  return text;
}

std::string change_line(const Change& change, Tense tense, const Hidden& hidden) {
  std::string text = change.ref.to_string();
  if (change.ref.kind != "Node") {
    const std::string verb(to_string(change.action));
    return tense == Tense::past ? text + " " + verb + "d" : verb + " " + text;
  }
  // Two steps concern one node: say which.
  std::vector<Line> lines;
  for (const model::Difference& field : change.fields) add_field(field, hidden, lines);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += (i == 0 ? ": " : ", ") + std::string(1, lines[i].sign) + lines[i].text;
  }
  return text;
}

std::string outcome_text(const apply::ChangeSet& set, const Palette& palette,
                         const Hidden& hidden) {
  std::string text;
  for (const Change& change : set.changes) {
    if (change.action == Action::unchanged) continue;
    std::string line;
    switch (change.outcome) {
      case Outcome::done: line = palette.paint(Style::good, "done      "); break;
      case Outcome::failed: line = palette.paint(Style::bad, "failed    "); break;
      case Outcome::unknown: line = palette.paint(Style::bad, "unknown   "); break;
      case Outcome::skipped:
      case Outcome::planned: line = palette.paint(Style::warning, "not done  "); break;
    }
    line += safe_text(change_line(change, Tense::infinitive, hidden));
    if (change.error) line += ": " + safe_text(change.error->message);
    text += line + "\n";
  }
  return text;
}

Json ref_json(const model::ObjectRef& ref) {
  Json json{{"apiVersion", ref.api_version}, {"kind", ref.kind}, {"name", ref.name}};
  if (!ref.ns.empty()) json.emplace("namespace", ref.ns);
  return json;
}

Json changes_json(const apply::ChangeSet& set) {
  Json changes = Json::array();
  for (const Change& change : set.changes) changes.push_back(change_json(change));
  return changes;
}

Json changes_summary_json(const apply::ChangeSet& set) {
  return {{"create", set.count(Action::create)},
          {"configure", set.count(Action::configure)},
          {"delete", set.count(Action::remove)},
          {"unchanged", set.count(Action::unchanged)}};
}

}  // namespace kai::output
