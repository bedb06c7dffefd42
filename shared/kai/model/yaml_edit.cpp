#include <kai/model/yaml_edit.hpp>

#include <kai/model/item_pairs.hpp>
#include <kai/model/json_parser.hpp>
#include <kai/model/text_lines.hpp>
#include <kai/model/yaml.hpp>
#include <kai/model/yaml_layout.hpp>
#include <kai/model/yaml_tree.hpp>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace kai::model {
namespace {

using Kind = YamlNode::Kind;
using Style = YamlNode::Style;

// A part of the text and what takes its place.
struct Replacement {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string text;
};

// What a node is to the one that holds it.
struct Place {
  enum class Role { document, value, item } role = Role::document;
  bool in_flow = false;
  const YamlNode* key = nullptr;  // of a value
  std::size_t column = 0;         // of the key, or of the dash
};

// One item or member: from its key or dash to the end of its value.
struct Entry {
  std::size_t begin = 0;
  std::size_t end = 0;
};

bool is_json(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || text[start] != '{') return false;
  Json value;
  JsonParser parser(text);
  return parser.read_value(value, 0) && parser.at_end();
}

// Kubernetes writes quantities and ports either way: 4 and "4".
bool is_same(const Json& a, const Json& b) {
  if (a == b) return true;
  const auto text = [](const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  return a.is_primitive() && b.is_primitive() && text(a) == text(b);
}

class Editor {
 public:
  Editor(std::string_view text, const YamlTree& tree) : m_text(text), m_lines(text), m_tree(tree) {
    m_layout.json = is_json(text);
    const std::size_t newline = text.find('\n');
    if (newline != std::string_view::npos && newline > 0 && text[newline - 1] == '\r') {
      m_layout.line_end = "\r\n";
    }
    learn_layout(tree.root, nullptr);
  }

  Result<> change(const YamlNode& node, const Json& before, const Json& after, const Place& place) {
    if (before == after) return {};
    if (node.kind == Kind::alias) {
      return refuse(node.begin, "what is here stands behind the alias *" + node.anchor);
    }
    if (!node.anchor.empty() && m_tree.aliased.contains(node.anchor)) {
      return refuse(node.begin, "what is here is shared through the anchor &" + node.anchor);
    }
    const YamlLayout outer = m_layout;
    learn_layout(node, place.role == Place::Role::value ? place.key : nullptr);
    Result<> done;
    if (node.kind == Kind::map && before.is_object() && after.is_object() && !before.empty()) {
      done = after.empty() ? clear(node, after, place) : change_map(node, before, after, place);
    } else if (node.kind == Kind::sequence && before.is_array() && after.is_array() &&
               !before.empty()) {
      done = after.empty() ? clear(node, after, place) : change_list(node, before, after, place);
    } else {
      m_layout = outer;
      done = replace(node, after, place);
    }
    m_layout = outer;
    return done;
  }

  // The text with all changes made.
  Result<std::string> finish() {
    // What is put in at a place comes before what is taken out there.
    std::stable_sort(m_changes.begin(), m_changes.end(), [](const auto& a, const auto& b) {
      return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
    std::string text;
    std::size_t at = 0;
    for (const Replacement& change : m_changes) {
      if (change.begin < at) return refuse(change.begin, "two changes are too close together");
      text += m_text.substr(at, change.begin - at);
      text += change.text;
      at = change.end;
    }
    text += m_text.substr(at);
    return text;
  }

 private:
  [[nodiscard]] tl::unexpected<Error> refuse(std::size_t at, const std::string& why) const {
    return fail(
        Error(ErrorCode::invalid_input, why).at(location_in(m_text, std::min(at, m_text.size()))));
  }

  void put(std::size_t begin, std::size_t end, std::string text) {
    m_changes.push_back({begin, end, std::move(text)});
  }

  // Whether a comment stands between; there are no scalars in it.
  [[nodiscard]] bool has_comment(std::size_t begin, std::size_t end) const {
    return !m_layout.json && m_text.substr(begin, end - begin).find('#') != std::string_view::npos;
  }

  // Whole lines behind the one in which something ends.
  void put_lines(std::size_t end, std::string lines) {
    const std::size_t at = m_lines.next_line(end);
    if (at == m_text.size() && at > 0 && m_text[at - 1] != '\n') {
      // The last line has no line break, and shall have none.
      lines.resize(lines.size() - m_layout.line_end.size());
      lines.insert(0, m_layout.line_end);
    }
    put(at, at, std::move(lines));
  }

  void remove_lines(std::size_t begin, std::size_t end) {
    std::size_t from = m_lines.line_begin(begin);
    const std::size_t to = m_lines.next_line(end);
    if (to == m_text.size() && from > 0 && m_text[to - 1] != '\n') {
      from = m_lines.line_end(m_lines.line_begin(from - 1));
    }
    put(from, to, {});
  }

  // --- how this text is laid out

  // From a collection in a member, the first time or (nearer) again.
  void learn_layout(const YamlNode& node, const YamlNode* key) {
    if (node.style != Style::block || node.children.empty()) return;
    const std::size_t here = m_lines.column(node.children.front().begin);
    if (node.kind == Kind::sequence) {
      const std::size_t dash = m_lines.column(first_dash(node));
      if (key != nullptr && dash >= m_lines.column(key->begin)) {
        m_layout.list_indent = dash - m_lines.column(key->begin);
      }
      if (m_lines.is_same_line(first_dash(node), node.children.front().begin)) {
        m_layout.dash = here - dash;
      }
    } else if (key != nullptr && here > m_lines.column(key->begin)) {
      m_layout.indent = here - m_lines.column(key->begin);
    }
    if (key != nullptr || m_learnt) return;
    m_learnt = true;
    learn_first(node);
  }

  // The first list and the first map in a member: deeper ones only where there is none.
  void learn_first(const YamlNode& root) {
    bool list = false;
    bool map = false;
    std::vector<const YamlNode*> nodes = {&root};
    for (std::size_t at = 0; at < nodes.size() && !(list && map); ++at) {
      const YamlNode& node = *nodes[at];
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        const YamlNode& child = node.children[i];
        nodes.push_back(&child);
        const bool is_value = node.kind == Kind::map && i % 2 == 1;
        if (!is_value || child.style != Style::block) continue;
        bool& known = child.kind == Kind::sequence ? list : map;
        if (!std::exchange(known, true)) learn_layout(child, &node.children[i - 1]);
      }
    }
  }

  // --- where things stand

  [[nodiscard]] std::size_t behind_colon(const YamlNode& key) const {
    const std::size_t at = skip_blank(m_text, key.end);
    return at < m_text.size() && m_text[at] == ':' ? at + 1 : std::string_view::npos;
  }

  [[nodiscard]] std::size_t first_dash(const YamlNode& list) const {
    return skip_blank(m_text, list.content);
  }

  [[nodiscard]] std::vector<Entry> entries_of(const YamlNode& node) const {
    std::vector<Entry> entries;
    if (node.kind == Kind::map) {
      for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
        const YamlNode& key = node.children[i];
        entries.push_back({key.begin, std::max(key.end, node.children[i + 1].end)});
      }
      return entries;
    }
    std::size_t at = node.content;
    for (const YamlNode& item : node.children) {
      entries.push_back({node.is_flow() ? item.begin : skip_blank(m_text, at), item.end});
      at = item.end;
    }
    return entries;
  }

  // --- maps

  Result<> change_map(const YamlNode& node, const Json& before, const Json& after,
                      const Place& place) {
    std::map<std::string, std::size_t, std::less<>> written;
    for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
      if (node.children[i].kind != Kind::scalar) {
        return refuse(node.children[i].begin, "a key that is no plain word stands here");
      }
      written.emplace(node.children[i].key, i);
    }
    std::vector<std::size_t> removed;  // children
    std::vector<std::string> added;
    for (const auto& [key, value] : before.items()) {
      const auto now = after.find(key);
      if (now != after.end() && *now == value) continue;
      const auto at = written.find(key);
      if (at == written.end()) {
        return refuse(node.begin, "\"" + key + "\" comes from a merge key (<<) and not from here");
      }
      if (now == after.end()) {
        removed.push_back(at->second);
      } else {
        KAI_TRY(change(node.children[at->second + 1], value, *now,
                       value_place(node, at->second, place)));
      }
    }
    for (const auto& [key, value] : after.items()) {
      if (!before.contains(key)) added.push_back(key);
    }
    std::sort(removed.begin(), removed.end());
    KAI_TRY(rename(node, before, after, removed, added, place));
    std::vector<std::size_t> numbers;
    numbers.reserve(removed.size());
    for (const std::size_t child : removed) numbers.push_back(child / 2);
    KAI_TRY(remove_entries(node, numbers));
    return add_members(node, after, added, numbers);
  }

  [[nodiscard]] Place value_place(const YamlNode& map, std::size_t key, const Place& place) const {
    return {Place::Role::value, place.in_flow || map.is_flow(), &map.children[key],
            m_lines.column(map.children[key].begin)};
  }

  // A member that goes and one that comes with the same value are one that got another name.
  // So are any two where nothing else would be left.
  Result<> rename(const YamlNode& node, const Json& before, const Json& after,
                  std::vector<std::size_t>& removed, std::vector<std::string>& added,
                  const Place& place) {
    const bool nothing_stays = removed.size() * 2 == node.children.size();
    const auto pair_up = [&](bool same_value) -> Result<> {
      for (auto old = removed.begin(); old != removed.end();) {
        const YamlNode& key = node.children[*old];
        const Json& value = before.at(key.key);
        const auto name = std::find_if(added.begin(), added.end(), [&](const std::string& other) {
          return !same_value || is_same(after.at(other), value);
        });
        if (name == added.end()) {
          ++old;
          continue;
        }
        const bool in_flow = place.in_flow || node.is_flow();
        put(key.content, key.end, scalar_text(Json(*name), key.style, in_flow, m_layout));
        KAI_TRY(change(node.children[*old + 1], value, after.at(*name),
                       value_place(node, *old, place)));
        added.erase(name);
        old = removed.erase(old);
      }
      return {};
    };
    KAI_TRY(pair_up(true));
    return nothing_stays ? pair_up(false) : Result<>();
  }

  Result<> add_members(const YamlNode& node, const Json& after,
                       const std::vector<std::string>& added,
                       const std::vector<std::size_t>& removed) {
    if (added.empty()) return {};
    if (node.is_flow()) {
      std::vector<std::string> texts;
      for (const std::string& key : added) {
        texts.push_back(scalar_text(Json(key), Style::plain, true, m_layout) + colon_of(node) +
                        flow_value(node, after.at(key)));
      }
      return append_flow(node, texts, removed);
    }
    const std::size_t at = node.children.front().begin;
    const std::string_view before = m_text.substr(m_lines.line_begin(at), m_lines.column(at));
    if (before.find('?') != std::string_view::npos) return refuse(at, "a complex key stands here");
    std::string lines;
    for (const std::string& key : added) {
      lines += member_lines(key, after.at(key), m_lines.column(at), m_layout);
    }
    put_lines(node.end, std::move(lines));
    return {};
  }

  // --- lists

  Result<> change_list(const YamlNode& node, const Json& before, const Json& after,
                       const Place& place) {
    const std::vector<Entry> entries = entries_of(node);
    std::vector<std::size_t> removed;
    std::vector<std::string> appended;  // to a flow list
    std::size_t next = 0;               // of the items there are
    for (const PairedItems& step : pair_items(before, after)) {
      if (step.before && step.after) {
        const Place item{Place::Role::item, place.in_flow || node.is_flow(), nullptr,
                         m_lines.column(entries[*step.before].begin)};
        KAI_TRY(
            change(node.children[*step.before], before[*step.before], after[*step.after], item));
      } else if (step.before) {
        removed.push_back(*step.before);
      } else if (node.is_flow() && next == entries.size()) {
        appended.push_back(flow_value(node, after[*step.after]));
      } else if (node.is_flow()) {
        put(entries[next].begin, entries[next].begin,
            flow_value(node, after[*step.after]) + comma_of(node));
      } else {
        insert_item(entries, next, after[*step.after]);
      }
      if (step.before) next = *step.before + 1;
    }
    KAI_TRY(remove_entries(node, removed));
    return appended.empty() ? Result<>() : append_flow(node, appended, removed);
  }

  void insert_item(const std::vector<Entry>& entries, std::size_t next, const Json& value) {
    const std::size_t indent = m_lines.column(entries.front().begin);
    std::string lines = item_lines(value, indent, m_layout);
    if (next > 0) {
      put_lines(entries[next - 1].end, std::move(lines));
    } else {
      // Before the first dash, which may stand behind another one.
      const std::size_t at = entries.front().begin;
      put(at, at, lines.substr(indent) + std::string(indent, ' '));
    }
  }

  // --- removing

  // `numbers` of entries, in order; at least one stays, or something is added.
  Result<> remove_entries(const YamlNode& node, const std::vector<std::size_t>& numbers) {
    if (numbers.empty()) return {};
    const std::vector<Entry> entries = entries_of(node);
    const auto goes = [&](std::size_t i) {
      return std::find(numbers.begin(), numbers.end(), i) != numbers.end();
    };
    const bool inline_first = node.is_flow() || !m_lines.is_first_in_line(entries.front().begin);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!goes(i)) continue;
      std::size_t last = i;  // of the run that goes
      while (last + 1 < entries.size() && goes(last + 1)) ++last;
      if (node.is_flow() || (i == 0 && inline_first)) {
        KAI_TRY(remove_run(entries, i, last));
      } else {
        for (std::size_t at = i; at <= last; ++at) remove_lines(entries[at].begin, entries[at].end);
      }
      i = last;
    }
    return {};
  }

  // Entries that stand between others in their line.
  Result<> remove_run(const std::vector<Entry>& entries, std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      if (has_comment(entries[i].end, entries[i + 1].begin)) {
        return refuse(entries[i].begin, "a comment here would be lost");
      }
    }
    const bool at_end = last + 1 == entries.size();
    if (at_end && first == 0) return refuse(entries[0].begin, "nothing would be left here");
    const std::size_t begin = at_end ? entries[first - 1].end : entries[first].begin;
    const std::size_t end = at_end ? entries[last].end : entries[last + 1].begin;
    if (at_end ? has_comment(begin, entries[first].begin) : has_comment(entries[last].end, end)) {
      return refuse(entries[first].begin, "a comment here would be lost");
    }
    put(begin, end, {});
    return {};
  }

  // What is left of a collection without anything in it.
  Result<> clear(const YamlNode& node, const Json& empty, const Place& place) {
    const std::string text = empty.is_array() ? "[]" : "{}";
    return replace_collection(node, text, place);
  }

  // A collection becomes something of one line.
  Result<> replace_collection(const YamlNode& node, const std::string& text, const Place& place) {
    if (node.is_flow()) {
      if (has_comment(node.content, node.end)) {
        return refuse(node.begin, "a comment here would be lost");
      }
      put(node.content, node.end, text);
      return {};
    }
    const std::size_t first = entries_of(node).front().begin;
    if (place.role == Place::Role::value && m_lines.is_first_in_line(first)) {
      const std::size_t colon = node.begin < node.content && !m_lines.is_first_in_line(node.begin)
                                    ? properties_end(node)
                                    : behind_colon(*place.key);
      if (colon == std::string_view::npos) return refuse(place.key->begin, "a complex key");
      put(colon, colon, " " + text);
      remove_lines(first, node.end);
      return {};
    }
    if (has_comment(first, node.end)) return refuse(first, "a comment here would be lost");
    put(first, node.end, text);
    return {};
  }

  [[nodiscard]] std::size_t properties_end(const YamlNode& node) const {
    std::size_t at = node.content;
    const std::size_t comment = m_text.substr(node.begin, at - node.begin).find(" #");
    if (comment != std::string_view::npos) at = node.begin + comment;
    while (at > node.begin &&
           std::string_view(" \t\r\n").find(m_text[at - 1]) != std::string_view::npos) {
      --at;
    }
    return at;
  }

  // --- replacing

  Result<> replace(const YamlNode& node, const Json& after, const Place& place) {
    const bool collection = after.is_structured() && !after.empty();
    if (node.style == Style::block && !node.children.empty()) {
      if (collection) return refuse(node.begin, "a map and a list cannot take each other's place");
      return replace_collection(node, scalar_text(after, Style::plain, place.in_flow, m_layout),
                                place);
    }
    const bool as_lines =
        collection && !place.in_flow && place.role == Place::Role::value && !m_layout.json;
    if (as_lines) return replace_by_lines(node, after, place);
    if (node.is_flow() && has_comment(node.content, node.end)) {
      return refuse(node.begin, "a comment here would be lost");
    }
    std::string text = collection ? flow_text(after, ": ", ", ", m_layout)
                                  : scalar_text(after, node.style, place.in_flow, m_layout);
    if (collection && m_layout.json) text = json_value(after, node.begin);
    if (node.content == node.end) {
      // Nothing stood there: a key with its colon, or a dash.
      if (place.role == Place::Role::value && behind_colon(*place.key) == std::string_view::npos) {
        return refuse(place.key->begin, "a key without a value stands here");
      }
      text.insert(0, " ");
    }
    put(node.content, node.end, std::move(text));
    return {};
  }

  // `key: {}` becomes `key:` and lines below it.
  Result<> replace_by_lines(const YamlNode& node, const Json& after, const Place& place) {
    std::size_t begin = node.begin < node.content ? properties_end(node) : behind_colon(*place.key);
    if (begin == std::string_view::npos) return refuse(place.key->begin, "a complex key");
    if (has_comment(begin, node.end)) return refuse(begin, "a comment here would be lost");
    begin = std::min(begin, node.end);
    if (begin < node.end) put(begin, node.end, {});
    put_lines(node.end, value_lines(after, place.column, m_layout));
    return {};
  }

  // --- flow collections

  // Each entry on a line of its own.
  [[nodiscard]] bool has_lines(const YamlNode& node) const {
    return !node.children.empty() && m_lines.begins_line(node.children.front().begin);
  }
  [[nodiscard]] std::string indent_of_line(std::size_t at) const {
    const std::size_t begin = m_lines.line_begin(at);
    const std::size_t end = std::min(m_text.find_first_not_of(" \t", begin), m_text.size());
    return std::string(m_text.substr(begin, end - begin));
  }

  [[nodiscard]] std::string colon_of(const YamlNode& node) const {
    if (node.kind == Kind::map && node.children.size() >= 2) {
      const std::size_t begin = node.children[0].end;
      const std::string_view between = m_text.substr(begin, node.children[1].begin - begin);
      if (between == ":" && m_layout.json) return ":";
    }
    return m_layout.json && is_compact() ? ":" : ": ";
  }
  [[nodiscard]] std::string comma_of(const YamlNode& node) const {
    if (has_lines(node)) return "," + m_layout.line_end + indent_of_line(node.children[0].begin);
    return m_layout.json && is_compact() ? "," : ", ";
  }
  // JSON without any spaces, as programs write it.
  [[nodiscard]] bool is_compact() const { return m_text.find("\": ") == std::string_view::npos; }

  [[nodiscard]] std::string json_value(const Json& value, std::size_t at) const {
    const bool lines = m_text.find("\n ") != std::string_view::npos ||
                       m_text.find("\n\t") != std::string_view::npos;
    const std::string_view colon = is_compact() ? ":" : ": ";
    if (!lines) return flow_text(value, colon, is_compact() ? "," : ", ", m_layout);
    const std::string indent = indent_of_line(at);
    return pretty_json(value, indent, json_step(), m_layout);
  }
  // By how much the first member of the document is indented.
  [[nodiscard]] std::size_t json_step() const {
    const YamlNode& root = m_tree.root;
    if (root.children.empty() || !m_lines.begins_line(root.children.front().begin)) return 2;
    return std::max<std::size_t>(
        m_lines.column(root.children.front().begin) -
            std::min(m_lines.column(root.children.front().begin), m_lines.column(root.begin)),
        1);
  }

  [[nodiscard]] std::string flow_value(const YamlNode& node, const Json& value) const {
    if (m_layout.json && has_lines(node)) return json_value(value, node.children.front().begin);
    const bool compact = m_layout.json && is_compact();
    return flow_text(value, compact ? ":" : ": ", compact ? "," : ", ", m_layout);
  }

  // Behind the last entry that stays.
  Result<> append_flow(const YamlNode& node, const std::vector<std::string>& texts,
                       const std::vector<std::size_t>& removed) {
    const std::vector<Entry> entries = entries_of(node);
    std::size_t last = entries.size();
    while (last > 0 && std::find(removed.begin(), removed.end(), last - 1) != removed.end()) --last;
    if (last == 0) return refuse(node.begin, "nothing would be left here");
    const std::size_t end = entries[last - 1].end;
    const std::size_t behind = skip_blank(m_text, end);
    const bool has_comma =
        last == entries.size() && behind < m_text.size() && m_text[behind] == ',';
    std::size_t at = has_comma ? behind + 1 : end;
    std::string separator = " ";
    if (m_layout.json && is_compact()) separator.clear();
    if (has_lines(node)) {
      separator = m_layout.line_end + indent_of_line(entries[last - 1].begin);
      // Behind a comment, unless the bracket stands before it.
      const std::size_t line = m_lines.line_end(at);
      if (has_comment(at, line) && m_text.substr(at, line - at).find('#') <
                                       m_text.substr(at, line - at).find_first_of("]}")) {
        if (!has_comma) put(at, at, ",");
        put(line, line, joined(texts, separator));
        return {};
      }
    }
    put(at, at, (has_comma ? "" : ",") + joined(texts, separator));
    return {};
  }

  static std::string joined(const std::vector<std::string>& texts, const std::string& separator) {
    std::string text;
    for (const std::string& part : texts) text += (text.empty() ? "" : ",") + separator + part;
    return text;
  }

  std::string_view m_text;
  TextLines m_lines;
  const YamlTree& m_tree;
  YamlLayout m_layout;
  bool m_learnt = false;
  std::vector<Replacement> m_changes;
};

}  // namespace

Result<std::string> edit_yaml(std::string_view text, const Json& after) {
  KAI_TRY_ASSIGN(const YamlDocument before, parse_yaml(text));
  if (before.value == after) return std::string(text);
  KAI_TRY_ASSIGN(const YamlTree tree, read_yaml_tree(text));
  Editor editor(text, tree);
  KAI_TRY(editor.change(tree.root, before.value, after, {}));
  KAI_TRY_ASSIGN(std::string edited, editor.finish());
  const auto again = parse_yaml(edited);
  if (!again || again->value != after) {
    return fail(ErrorCode::invalid_input, "the text does not read as it should once it is edited");
  }
  return edited;
}

}  // namespace kai::model
