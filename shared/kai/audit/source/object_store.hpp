// ObjectStore: the objects of a cluster, small enough to be kept, from which facts are
// made anew after changes.
//
// Facts are made by adding objects and cannot forget one. So each object is kept reduced
// (reduce.hpp), as a form that replicas share, which holds everything but what is their
// own: the name, the node and the time of creation. Forms are parsed once each when facts
// are made. Not synchronised.
#pragma once

#include <kai/audit/facts/builder.hpp>
#include <kai/audit/kinds.hpp>
#include <kai/model/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace kai::audit {

class ObjectStore {
 public:
  // Keeps an object in place of the one of its name. True when that says something new to
  // rules.
  bool put(Kind kind, model::Json&& object);
  // True when it was there.
  bool remove(Kind kind, std::string_view ns, std::string_view name);

  // All objects of a kind will be put anew: those that were not when end_list() is called
  // are gone. A list that ends otherwise removes nothing.
  void begin_list(Kind kind);
  // True when something is gone.
  bool end_list(Kind kind);
  // True when there was something.
  bool clear(Kind kind);

  // Adds every object, in no order.
  void add_to(FactsBuilder& builder) const;

  [[nodiscard]] std::size_t size() const;
  // Different forms; for tests and -v.
  [[nodiscard]] std::size_t forms() const { return m_texts.size(); }

 private:
  // A text that several objects share.
  using Texts = std::unordered_map<std::string, std::size_t>;  // with its uses
  using Text = Texts::value_type;

  struct Entry {
    Text* form = nullptr;
    Text* node = nullptr;
    std::int64_t created = 0;  // seconds since 1970; 0: unknown
    std::uint32_t list = 0;    // in which it was seen last
  };
  struct Objects {
    std::unordered_map<std::string, Entry> entries;  // by namespace, NUL and name
    std::uint32_t list = 0;
  };

  Text* use(std::string text);
  void release(Text* text);
  Objects& of(Kind kind) { return m_objects[static_cast<std::size_t>(kind)]; }

  std::array<Objects, k_kind_count> m_objects;
  Texts m_texts;
};

}  // namespace kai::audit
