// FindingList: the findings of a report, of which a large cluster gives tens of thousands.
//
// Findings of one rule mostly say the same of different objects, so what they say is stored
// once and a finding weighs less than a hundred bytes; a Finding is made anew for whoever
// looks at it. Copies share what they store. Not synchronised, copies neither.
#pragma once

#include <kai/audit/facts/text.hpp>
#include <kai/audit/finding.hpp>
#include <kai/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace kai::audit {

class FindingList;

// Some findings of a list that stand together; as long-lived as the list.
class FindingSpan {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;  // what it gives is no reference
    using value_type = Finding;
    using difference_type = std::ptrdiff_t;
    using pointer = const Finding*;
    using reference = Finding;

    Iterator() = default;
    Iterator(const FindingList* list, std::size_t at) : m_list(list), m_at(at) {}
    Finding operator*() const;
    Iterator& operator++() {
      ++m_at;
      return *this;
    }
    Iterator operator++(int) { return {m_list, m_at++}; }
    bool operator==(const Iterator&) const = default;

   private:
    const FindingList* m_list = nullptr;
    std::size_t m_at = 0;
  };

  FindingSpan(const FindingList& list, std::size_t first, std::size_t size)
      : m_list(&list), m_first(first), m_size(size) {}

  [[nodiscard]] std::size_t size() const { return m_size; }
  [[nodiscard]] bool empty() const { return m_size == 0; }
  [[nodiscard]] Finding operator[](std::size_t at) const;
  [[nodiscard]] Finding front() const { return (*this)[0]; }
  [[nodiscard]] const Rule& rule() const;  // of the first
  // The fix that all of them give, or else the rule's own.
  [[nodiscard]] std::string shared_fix() const;
  [[nodiscard]] Iterator begin() const { return {m_list, m_first}; }
  [[nodiscard]] Iterator end() const { return {m_list, m_first + m_size}; }

 private:
  const FindingList* m_list;
  std::size_t m_first;
  std::size_t m_size;
};

class FindingList {
 public:
  using value_type = Finding;
  using const_iterator = FindingSpan::Iterator;
  using iterator = const_iterator;

  FindingList();

  // A fingerprint is 16 hexadecimal digits, or there is none.
  void push_back(const Finding& finding);

  [[nodiscard]] std::size_t size() const { return m_entries.size(); }
  [[nodiscard]] bool empty() const { return m_entries.empty(); }
  [[nodiscard]] Finding operator[](std::size_t at) const;
  [[nodiscard]] Finding front() const { return (*this)[0]; }
  [[nodiscard]] const_iterator begin() const { return {this, 0}; }
  [[nodiscard]] const_iterator end() const { return {this, size()}; }
  [[nodiscard]] FindingSpan all() const { return {*this, 0, size()}; }

  // What costs no Finding.
  [[nodiscard]] const Rule* rule_at(std::size_t at) const { return m_entries[at].said->rule; }
  [[nodiscard]] const Origin& origin_at(std::size_t at) const { return m_entries[at].origin; }
  [[nodiscard]] FieldPath path_at(std::size_t at) const {
    return FieldPath::from_pointer(m_entries[at].said->path);
  }
  // How many different objects they are about.
  [[nodiscard]] std::size_t count_objects() const;
  // Runs of findings of one rule, in their order.
  [[nodiscard]] std::vector<FindingSpan> by_rule() const;

  // Worst first, then by rule, namespace and name: the order of reports.
  void sort();
  void set_location(std::size_t at, const Location& location);
  // Drops those for which `stays` does not hold.
  void retain(const std::function<bool(const Finding& finding)>& stays);
  void clear() { m_entries.clear(); }

 private:
  friend class FindingSpan;
  // What findings have in common.
  struct Said {
    const Rule* rule = nullptr;
    Text api_version;
    Text kind;
    Text path;
    Text observed;
    Text expected;
    Text message;
    Text details;  // a JSON array of strings
    Text fix;
    Text patch;  // JSON
    Text subject;
    Patch::Type patch_type = Patch::Type::merge;

    bool operator==(const Said&) const = default;
  };
  struct Entry {
    const Said* said = nullptr;
    Text ns;
    Text name;
    std::uint64_t fingerprint = 0;  // 0: none
    Origin origin;
    std::uint32_t place = 0;  // the location's number, from 1; 0: none
  };
  struct Store;
  static bool less(const Entry& a, const Entry& b);

  std::shared_ptr<Store> m_store;
  std::deque<Entry> m_entries;
};

}  // namespace kai::audit
