#include <kai/model/yaml_builder.hpp>

#include <algorithm>
#include <utility>

namespace kai::model {
namespace {

constexpr std::string_view k_merge_tag = "tag:yaml.org,2002:merge";

bool is_merge_key(std::string_view text, YamlStyle style, std::string_view tag) {
  return text == "<<" && (tag.empty() ? style == YamlStyle::plain : tag == k_merge_tag);
}

// Kubernetes' reader refuses documents of which aliases make up too much: up to 99 %
// while they are small, 10 % from four million nodes on.
double allowed_alias_ratio(std::size_t visits) {
  constexpr double k_low = 400'000;
  constexpr double k_high = 4'000'000;
  const auto count = static_cast<double>(visits);
  if (count <= k_low) return 0.99;
  if (count >= k_high) return 0.10;
  return 0.99 - 0.89 * (count - k_low) / (k_high - k_low);
}

void append_pointer_token(std::string& path, std::string_view name) {
  path += '/';
  for (const char c : name) {
    if (c == '~') {
      path += "~0";
    } else if (c == '/') {
      path += "~1";
    } else {
      path += c;
    }
  }
}

}  // namespace

bool YamlBuilder::fail(YamlMark mark, const std::string& message) {
  m_error = Error(ErrorCode::invalid_input, message).at({m_options.file, mark.line, mark.column});
  return false;
}

bool YamlBuilder::excessive_aliasing(YamlMark mark) {
  constexpr std::size_t k_few_aliases = 100;
  constexpr std::size_t k_few_nodes = 1000;
  if (m_alias_visits <= k_few_aliases || m_visits <= k_few_nodes) return false;
  const double ratio = static_cast<double>(m_alias_visits) / static_cast<double>(m_visits);
  if (ratio <= allowed_alias_ratio(m_visits)) return false;
  return !fail(mark, "the document consists of aliases for the greater part");
}

bool YamlBuilder::visit(YamlMark mark) {
  ++m_visits;
  if (++m_nodes > m_options.limits.max_nodes) {
    return fail(mark, "the document has more than " + std::to_string(m_options.limits.max_nodes) +
                          " nodes");
  }
  return !excessive_aliasing(mark);
}

bool YamlBuilder::count_alias(const Anchored& anchored, YamlMark mark) {
  m_visits += anchored.visits;
  m_alias_visits += anchored.visits;
  m_nodes += anchored.visits;
  if (m_nodes > m_options.limits.max_nodes) {
    return fail(mark, "the document has more than " + std::to_string(m_options.limits.max_nodes) +
                          " nodes once its aliases are resolved");
  }
  const int depth = static_cast<int>(m_frames.size()) + anchored.height;
  if (depth > m_options.limits.max_depth) {
    return fail(mark, "nested deeper than " + std::to_string(m_options.limits.max_depth) +
                          " levels once its aliases are resolved");
  }
  return !excessive_aliasing(mark);
}

// What is being merged into a map has no path of its own.
bool YamlBuilder::recording() const {
  return m_options.positions == Positions::record && m_merges.empty();
}

void YamlBuilder::record(YamlMark mark) {
  m_document.positions[m_path] = {m_options.file, mark.line, mark.column};
}

// The place for the next value: the root, a member or an item.
bool YamlBuilder::place(YamlMark mark, Json*& slot) {
  if (m_frames.empty()) {
    slot = &m_document.value;
    m_document.location = {m_options.file, mark.line, mark.column};
    if (recording()) record(mark);
    return true;
  }
  Frame& frame = m_frames.back();
  if (frame.expect == Expect::item) {
    slot = &frame.value->get_ref<Json::array_t&>().emplace_back();
    if (recording()) {
      append_pointer_token(m_path, std::to_string(frame.items));
      record(mark);
    }
    ++frame.items;
    return true;
  }
  if (frame.merging) {
    slot = &m_merges.emplace_back();
    return true;
  }
  return place_member(frame, slot);
}

bool YamlBuilder::place_member(Frame& frame, Json*& slot) {
  auto& members = frame.value->get_ref<Json::object_t&>();
  const auto [member, fresh] = members.try_emplace(std::move(frame.key));
  if (!fresh) {
    for (std::size_t i = frame.first_key; i < m_keys.size(); ++i) {
      if (*m_keys[i].name != member->first) continue;
      const Location first{m_options.file, m_keys[i].mark.line, m_keys[i].mark.column};
      return fail(frame.key_mark,
                  "duplicate key \"" + member->first + "\", first at " + first.to_string());
    }
    member->second = nullptr;  // it was merged in: what is written later replaces it
  }
  m_keys.push_back({&member->first, frame.key_mark});
  slot = &member->second;
  if (recording()) {
    append_pointer_token(m_path, member->first);
    record(frame.key_mark);
  }
  return true;
}

// A value is complete: back to the frame around it.
void YamlBuilder::finish_value() {
  if (m_frames.empty()) return;
  Frame& frame = m_frames.back();
  if (frame.expect == Expect::value) frame.expect = Expect::key;
  m_path.resize(frame.path_size);
}

bool YamlBuilder::refuse_merge() {
  return fail(m_frames.back().key_mark, "only a map or a list of maps can be merged with \"<<\"");
}

bool YamlBuilder::merge(const Json& source) {
  Frame& frame = m_frames.back();
  if (!source.is_object()) return refuse_merge();
  auto& members = frame.value->get_ref<Json::object_t&>();
  // kubectl's reader lets a merged member replace one that is written before the "<<".
  for (const auto& [name, value] : source.get_ref<const Json::object_t&>()) members[name] = value;
  frame.merged = true;
  return true;
}

bool YamlBuilder::finish_merge(Frame& frame) {
  frame.merging = false;
  const Json source = std::move(m_merges.back());
  m_merges.pop_back();
  if (source.is_array()) {
    // The first of several maps wins, so it is merged last.
    const auto& maps = source.get_ref<const Json::array_t&>();
    for (auto map = maps.rbegin(); map != maps.rend(); ++map) {
      if (!merge(*map)) return false;
    }
  } else if (!merge(source)) {
    return false;
  }
  finish_value();
  return true;
}

bool YamlBuilder::key(Result<std::string> name, YamlMark mark) {
  if (!name) return fail(mark, name.error().message);
  Frame& frame = m_frames.back();
  frame.key = *std::move(name);
  frame.key_mark = mark;
  frame.expect = Expect::value;
  return true;
}

bool YamlBuilder::scalar(std::string_view text, YamlStyle style, std::string_view tag,
                         std::string_view anchor, YamlMark mark) {
  if (!visit(mark)) return false;
  if (!anchor.empty()) {
    Anchored& anchored = m_anchors[std::string(anchor)];
    anchored = {};
    anchored.state = Anchored::State::scalar;
    anchored.text = text;
    anchored.style = style;
    anchored.tag = tag;
  }
  const bool is_string = tag.empty() && (style == YamlStyle::quoted || !may_be_typed(text));
  if (!m_frames.empty() && m_frames.back().expect == Expect::key) {
    Frame& frame = m_frames.back();
    if (is_merge_key(text, style, tag)) {
      frame.key_mark = mark;
      frame.merging = true;
      frame.expect = Expect::value;
      return true;
    }
    if (!is_string) return key(scalar_key(text, style, tag), mark);
    frame.key = text;
    frame.key_mark = mark;
    frame.expect = Expect::value;
    return true;
  }
  Json* slot = nullptr;
  if (!place(mark, slot)) return false;
  if (is_string) {
    *slot = std::string(text);
  } else {
    auto value = scalar_value(text, style, tag);
    if (!value) return fail(mark, value.error().message);
    *slot = *std::move(value);
  }
  if (!m_frames.empty() && m_frames.back().merging) return finish_merge(m_frames.back());
  finish_value();
  return true;
}

bool YamlBuilder::alias(std::string_view anchor, YamlMark mark) {
  if (!visit(mark)) return false;
  const auto found = m_anchors.find(std::string(anchor));
  // Its name may be a password that begins with an asterisk.
  if (found == m_anchors.end()) {
    return fail(mark, "an alias (*) of an anchor that is not there; put text in quotes");
  }
  const Anchored& anchored = found->second;
  if (anchored.state == Anchored::State::open) {
    return fail(mark, "anchor \"" + std::string(anchor) + "\" contains itself");
  }
  if (!count_alias(anchored, mark)) return false;
  if (!m_frames.empty() && m_frames.back().expect == Expect::key) {
    if (anchored.state == Anchored::State::collection) {
      return fail(mark, "a map key must be a scalar");
    }
    return key(scalar_key(anchored.text, anchored.style, anchored.tag), mark);
  }
  // A list may be merged where it is written, not by its name: kubectl's reader has it so.
  if (!m_frames.empty() && m_frames.back().merging && !anchored.value.is_object()) {
    return refuse_merge();
  }
  Json* slot = nullptr;
  if (!place(mark, slot)) return false;
  if (anchored.state == Anchored::State::scalar) {
    auto value = scalar_value(anchored.text, anchored.style, anchored.tag);
    if (!value) return fail(mark, value.error().message);
    *slot = *std::move(value);
  } else {
    *slot = anchored.value;
  }
  if (m_frames.empty()) return true;
  Frame& frame = m_frames.back();
  frame.height = std::max(frame.height, anchored.height + 1);
  if (frame.merging) return finish_merge(frame);
  finish_value();
  return true;
}

bool YamlBuilder::open(Json&& empty, Expect expect, std::string_view anchor, YamlMark mark) {
  if (!visit(mark)) return false;
  if (!m_frames.empty() && m_frames.back().expect == Expect::key) {
    return fail(mark, "a map key must be a scalar");
  }
  if (static_cast<int>(m_frames.size()) >= m_options.limits.max_depth) {
    return fail(mark,
                "nested deeper than " + std::to_string(m_options.limits.max_depth) + " levels");
  }
  Json* slot = nullptr;
  if (!place(mark, slot)) return false;
  *slot = std::move(empty);
  Frame& frame = m_frames.emplace_back();
  frame.value = slot;
  frame.expect = expect;
  frame.first_key = m_keys.size();
  frame.path_size = m_path.size();
  frame.visits_before = m_visits - 1;
  if (!anchor.empty()) {
    frame.anchor = anchor;
    m_anchors[frame.anchor] = {};
  }
  return true;
}

bool YamlBuilder::close() {
  const Frame frame = std::move(m_frames.back());
  m_frames.pop_back();
  m_keys.resize(frame.first_key);
  if (!frame.anchor.empty()) {
    Anchored& anchored = m_anchors[frame.anchor];
    // An inner node may have taken the name over; then that one counts.
    if (anchored.state == Anchored::State::open) {
      anchored.state = Anchored::State::collection;
      anchored.value = *frame.value;
      anchored.visits = m_visits - frame.visits_before;
      anchored.height = frame.height;
    }
  }
  if (m_frames.empty()) return true;
  Frame& around = m_frames.back();
  around.height = std::max(around.height, frame.height + 1);
  if (around.merging) return finish_merge(around);
  finish_value();
  return true;
}

bool YamlBuilder::map_start(std::string_view anchor, YamlMark mark) {
  return open(Json::object(), Expect::key, anchor, mark);
}

bool YamlBuilder::map_end() {
  return close();
}

bool YamlBuilder::sequence_start(std::string_view anchor, YamlMark mark) {
  return open(Json::array(), Expect::item, anchor, mark);
}

bool YamlBuilder::sequence_end() {
  return close();
}

}  // namespace kai::model
