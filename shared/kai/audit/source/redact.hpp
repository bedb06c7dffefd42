// Redactor: takes names out of objects, so that a snapshot can be given away.
//
// Each word of a name (what stands between "-", "." and the like) becomes a keyed hash, the
// same wherever it occurs, so that what belongs together still does: a ReplicaSet's name
// still begins with its Deployment's, a selector still selects. Words that the audit's own
// tables know (kube-system, gpu-operator, nvidia) stay, or its rules would not recognise
// what they are about. What no rule needs is dropped: annotations' values, variables of
// containers, addresses, arguments outside the control plane. Not synchronised.
#pragma once

#include <kai/model/json.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace kai::audit {

class Redactor {
 public:
  // A key at random: hashes of two snapshots have nothing in common, and nobody can try
  // names against them.
  Redactor();
  explicit Redactor(std::array<std::uint64_t, 2> key);

  // A Kubernetes object, in place.
  void redact(model::Json& object);
  // The words of one name or text.
  [[nodiscard]] std::string name(std::string_view text);

 private:
  void walk(model::Json& value, std::string_view key, bool names, bool keep_arguments);
  [[nodiscard]] std::string image(std::string_view text);
  [[nodiscard]] std::string expression(std::string_view text);
  const std::string& word(std::string_view text);

  std::array<std::uint64_t, 2> m_key;
  std::unordered_set<std::string> m_known;
  std::unordered_map<std::string, std::string> m_words;
};

}  // namespace kai::audit
