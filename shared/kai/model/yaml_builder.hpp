// YamlBuilder: turns the events of a YAML parser into one JSON document.
//
// It types scalars, resolves aliases and merge keys in the order in which kubectl's
// reader does it, finds duplicate keys, keeps positions and enforces the bounds.
//
// Internal to the layer. One per document; not synchronised. After a call has returned
// false, error() says why and no further event may follow.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/json.hpp>
#include <kai/model/yaml.hpp>
#include <kai/model/yaml_scalar.hpp>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kai::model {

// Where an event begins; both count from 1.
struct YamlMark {
  int line = 0;
  int column = 0;
};

class YamlBuilder {
 public:
  explicit YamlBuilder(const YamlOptions& options) : m_options(options) {}

  // `anchor` is empty when the node has none; `tag` is resolved.
  [[nodiscard]] bool scalar(std::string_view text, YamlStyle style, std::string_view tag,
                            std::string_view anchor, YamlMark mark);
  [[nodiscard]] bool alias(std::string_view anchor, YamlMark mark);
  [[nodiscard]] bool map_start(std::string_view anchor, YamlMark mark);
  [[nodiscard]] bool map_end();
  [[nodiscard]] bool sequence_start(std::string_view anchor, YamlMark mark);
  [[nodiscard]] bool sequence_end();

  // For what a parser lets pass and kubectl's does not.
  [[nodiscard]] bool refuse(YamlMark mark, const std::string& message) {
    return fail(mark, message);
  }

  // The document, once all of its events have been given.
  YamlDocument take() { return std::move(m_document); }
  Error error() { return std::move(m_error); }

 private:
  enum class Expect { key, value, item };

  // A map or sequence that is still open.
  struct Frame {
    Json* value;
    Expect expect;
    std::string key;  // the key whose value comes next
    YamlMark key_mark;
    bool merging = false;       // the value that comes next is merged into the map
    bool merged = false;        // the map has members that were merged into it
    std::size_t first_key = 0;  // its own keys in m_keys begin here
    std::size_t items = 0;
    std::size_t path_size = 0;  // of m_path, without the member
    std::string anchor;
    std::size_t visits_before = 0;
    int height = 1;  // levels below and with this one
  };

  // A key written in an open map, for duplicates.
  struct Key {
    const std::string* name;
    YamlMark mark;
  };

  // What an alias stands for. A scalar is kept as it was written, since it means
  // something else as a key.
  struct Anchored {
    enum class State { open, scalar, collection } state = State::open;
    Json value;
    std::string text;
    YamlStyle style = YamlStyle::plain;
    std::string tag;
    std::size_t visits = 1;
    int height = 0;
  };

  bool fail(YamlMark mark, const std::string& message);
  bool visit(YamlMark mark);
  bool count_alias(const Anchored& anchored, YamlMark mark);
  bool place(YamlMark mark, Json*& slot);
  bool place_member(Frame& frame, Json*& slot);
  void finish_value();
  bool finish_merge(Frame& frame);
  bool merge(const Json& source);
  bool refuse_merge();
  bool key(Result<std::string> name, YamlMark mark);
  bool open(Json&& empty, Expect expect, std::string_view anchor, YamlMark mark);
  bool close();
  bool excessive_aliasing(YamlMark mark);
  [[nodiscard]] bool recording() const;
  void record(YamlMark mark);

  const YamlOptions& m_options;
  YamlDocument m_document;
  Error m_error;
  std::vector<Frame> m_frames;
  std::vector<Key> m_keys;
  std::deque<Json> m_merges;  // values on their way into maps, innermost last
  std::unordered_map<std::string, Anchored> m_anchors;
  std::string m_path;
  std::size_t m_nodes = 0;
  std::size_t m_visits = 0;        // nodes read, with those that aliases repeat
  std::size_t m_alias_visits = 0;  // of these, the repeated ones
};

}  // namespace kai::model
