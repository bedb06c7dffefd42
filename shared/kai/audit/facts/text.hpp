// Text and LabelSet: strings and label sets that are stored once, however many
// objects carry them, and compared by address.
//
// A TextStore owns the characters and must outlive every Text and LabelSet it made.
// Texts are values of pointer size. A store is not synchronised; reading texts is.
#pragma once

#include <kai/model/json.hpp>
#include <kai/model/selector.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

class Text {
 public:
  Text() = default;

  [[nodiscard]] std::string_view view() const {
    if (m_data == nullptr) return {};
    std::uint32_t length = 0;
    std::memcpy(&length, m_data, sizeof(length));
    return {m_data + sizeof(length), length};
  }
  operator std::string_view() const { return view(); }
  [[nodiscard]] std::string str() const { return std::string(view()); }
  [[nodiscard]] bool empty() const { return m_data == nullptr; }

  friend bool operator==(Text a, Text b) { return a.m_data == b.m_data || a.view() == b.view(); }
  friend bool operator==(Text a, std::string_view b) { return a.view() == b; }
  friend auto operator<=>(Text a, Text b) { return a.view() <=> b.view(); }

 private:
  friend class TextStore;
  explicit Text(const char* data) : m_data(data) {}
  const char* m_data = nullptr;  // length, then characters; null for the empty text
};

struct Label {
  Text key;
  Text value;
};

// A set of labels (or annotations), sorted by key. Each is stored once.
class LabelSet {
 public:
  [[nodiscard]] std::span<const Label* const> items() const { return m_labels; }
  [[nodiscard]] bool empty() const { return m_labels.empty(); }
  [[nodiscard]] std::optional<std::string_view> get(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const { return get(key).has_value(); }
  // As the selectors of kai::model take them.
  [[nodiscard]] model::Labels to_map() const;

 private:
  friend class TextStore;
  std::span<const Label* const> m_labels;
};

class TextStore {
 public:
  TextStore();
  ~TextStore();
  TextStore(TextStore&&) noexcept;
  TextStore& operator=(TextStore&&) noexcept;

  // The one Text with these characters.
  Text intern(std::string_view text);
  // A Text of its own, for what is unique anyway (pod names): no look-up.
  Text keep(std::string_view text);
  // The one LabelSet with the string members of a JSON object; the empty one for
  // anything else. Keys for which `leave_out` holds are not stored.
  const LabelSet* intern_labels(const model::Json* labels,
                                bool (*leave_out)(std::string_view key) = nullptr);

  // What the store holds on to, for tests and -v.
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace kai::audit
