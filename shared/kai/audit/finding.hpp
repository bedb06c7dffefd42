// Finding: one thing that a rule has found. A plain value.
#pragma once

#include <kai/audit/path.hpp>
#include <kai/base/error.hpp>
#include <kai/model/json.hpp>
#include <kai/model/resource.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::audit {

struct Rule;

enum class Severity { error, warning, info };  // worst first
std::string_view to_string(Severity severity);

// Where an object was read: a document of a file and the item of a List in it. Live
// objects have none.
struct Origin {
  std::uint32_t document = 0;  // 1-based index into the source's documents; 0: none
  std::int32_t item = -1;      // of a List; -1: the document itself

  [[nodiscard]] bool known() const { return document != 0; }
  bool operator==(const Origin&) const = default;
};

// A change of one object that would settle a finding.
struct Patch {
  enum class Type { json, merge } type = Type::merge;  // RFC 6902, RFC 7386
  model::Json body;
};

struct Finding {
  model::ObjectRef object;
  Origin origin;
  FieldPath path;  // the field concerned; empty: the object as a whole
  std::string observed;
  std::string expected;
  std::string message;  // one sentence without the object's name and without a full stop
  std::vector<std::string> details;  // what it is made of, if that is worth a line each
  std::string fix;                   // empty: the rule's own
  std::optional<Patch> patch;
  // Tells findings of one rule on one object apart in a way that survives edits, such
  // as a container's name; part of the fingerprint.
  std::string subject;

  // The message with its details as one text.
  [[nodiscard]] std::string full_message() const;

  // Filled in by the engine.
  const Rule* rule = nullptr;
  std::optional<Location> location;
  std::string fingerprint;  // 16 hexadecimal digits
};

// Where rules put what they find: each is handed on at once.
class Findings {
 public:
  using Take = std::function<void(Finding&& finding)>;
  explicit Findings(Take take) : m_take(std::move(take)) {}

  void add(Finding finding) { m_take(std::move(finding)); }

 private:
  Take m_take;
};

}  // namespace kai::audit
