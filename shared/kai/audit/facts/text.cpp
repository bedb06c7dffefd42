#include <kai/audit/facts/text.hpp>

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <span>
#include <utility>

namespace kai::audit {
namespace {

// A hash table of pointers with open addressing: 16 bytes a slot. The node-based
// tables of the standard library would weigh more than the texts themselves.
template <class T>
class PointerTable {
 public:
  // The entry for which `same` holds, or what `make` returns, which is then stored.
  template <class Same, class Make>
  const T* find_or(std::size_t hash, const Same& same, const Make& make) {
    if ((m_used + 1) * 4 > m_slots.size() * 3) grow();
    std::size_t at = hash & (m_slots.size() - 1);
    while (m_slots[at].entry != nullptr) {
      if (m_slots[at].hash == hash && same(*m_slots[at].entry)) return m_slots[at].entry;
      at = (at + 1) & (m_slots.size() - 1);
    }
    const T* const made = make();
    m_slots[at] = {made, hash};
    ++m_used;
    return made;
  }

  [[nodiscard]] std::size_t bytes() const { return m_slots.size() * sizeof(Slot); }

 private:
  struct Slot {
    const T* entry = nullptr;
    std::size_t hash = 0;
  };

  void grow() {
    std::vector<Slot> old(m_slots.empty() ? 256 : m_slots.size() * 2);
    old.swap(m_slots);
    for (const Slot& slot : old) {
      if (slot.entry == nullptr) continue;
      std::size_t at = slot.hash & (m_slots.size() - 1);
      while (m_slots[at].entry != nullptr) at = (at + 1) & (m_slots.size() - 1);
      m_slots[at] = slot;
    }
  }

  std::vector<Slot> m_slots;
  std::size_t m_used = 0;
};

std::size_t mix(std::size_t seed, std::size_t value) {
  return (seed ^ value) * 0x9E3779B97F4A7C15ULL + (seed >> 29U);
}

}  // namespace

std::optional<std::string_view> LabelSet::get(std::string_view key) const {
  const auto found = std::lower_bound(
      m_labels.begin(), m_labels.end(), key,
      [](const Label* label, std::string_view k) { return label->key.view() < k; });
  if (found == m_labels.end() || (*found)->key.view() != key) return std::nullopt;
  return (*found)->value.view();
}

model::Labels LabelSet::to_map() const {
  model::Labels map;
  for (const Label* label : m_labels) map.emplace(label->key.view(), label->value.view());
  return map;
}

struct TextStore::State {
  static constexpr std::size_t k_block = 64 * 1024;

  std::vector<std::unique_ptr<char[]>> blocks;
  char* free = nullptr;
  std::size_t left = 0;
  std::size_t allocated = 0;
  PointerTable<char> texts;
  PointerTable<Label> labels;
  PointerTable<LabelSet> sets;
  std::deque<LabelSet> set_values;
  LabelSet no_labels;
  std::vector<const Label*> scratch;

  char* allocate(std::size_t bytes) {
    constexpr std::size_t k_align = alignof(void*);
    bytes = (bytes + k_align - 1) & ~(k_align - 1);
    if (bytes > left) {
      const std::size_t size = std::max(bytes, k_block);
      blocks.push_back(std::make_unique<char[]>(size));
      allocated += size;
      // What is left of the old block is too little to care for.
      free = blocks.back().get();
      left = size;
    }
    char* const at = free;
    free += bytes;
    left -= bytes;
    return at;
  }

  char* store(std::string_view text) {
    const auto length = static_cast<std::uint32_t>(text.size());
    char* const at = allocate(sizeof(length) + text.size());
    std::memcpy(at, &length, sizeof(length));
    std::memcpy(at + sizeof(length), text.data(), text.size());
    return at;
  }
};

TextStore::TextStore() : m_state(std::make_unique<State>()) {}
TextStore::~TextStore() = default;
TextStore::TextStore(TextStore&&) noexcept = default;
TextStore& TextStore::operator=(TextStore&&) noexcept = default;

Text TextStore::intern(std::string_view text) {
  if (text.empty()) return {};
  const std::size_t hash = std::hash<std::string_view>{}(text);
  return Text(m_state->texts.find_or(
      hash, [&](const char& entry) { return Text(&entry).view() == text; },
      [&] { return m_state->store(text); }));
}

Text TextStore::keep(std::string_view text) {
  return text.empty() ? Text() : Text(m_state->store(text));
}

const LabelSet* TextStore::intern_labels(const model::Json* labels,
                                         bool (*leave_out)(std::string_view key)) {
  State& state = *m_state;
  if (labels == nullptr || !labels->is_object()) return &state.no_labels;
  state.scratch.clear();
  std::size_t set_hash = 0;
  // nlohmann keeps members sorted by key, as LabelSet wants them.
  for (const auto& [key, value] : labels->get_ref<const model::Json::object_t&>()) {
    if (!value.is_string() || (leave_out != nullptr && leave_out(key))) continue;
    const Text key_text = intern(key);
    const Text value_text = intern(value.get_ref<const std::string&>());
    const std::size_t hash =
        mix(std::hash<std::string_view>{}(key_text), std::hash<std::string_view>{}(value_text));
    state.scratch.push_back(state.labels.find_or(
        hash,
        [&](const Label& entry) { return entry.key == key_text && entry.value == value_text; },
        [&] {
          return new (state.allocate(sizeof(Label))) Label{key_text, value_text};
        }));
    set_hash = mix(set_hash, hash);
  }
  if (state.scratch.empty()) return &state.no_labels;
  return state.sets.find_or(
      set_hash,
      [&](const LabelSet& entry) {
        return std::equal(entry.m_labels.begin(), entry.m_labels.end(), state.scratch.begin(),
                          state.scratch.end());
      },
      [&] {
        const std::size_t bytes = std::span(state.scratch).size_bytes();
        auto* const at = new (state.allocate(bytes)) const Label*[state.scratch.size()];
        std::copy(state.scratch.begin(), state.scratch.end(), at);
        LabelSet set;
        set.m_labels = {at, state.scratch.size()};
        return &state.set_values.emplace_back(set);
      });
}

std::size_t TextStore::bytes() const {
  return m_state->allocated + m_state->texts.bytes() + m_state->labels.bytes() +
         m_state->sets.bytes() + m_state->set_values.size() * sizeof(LabelSet);
}

}  // namespace kai::audit
