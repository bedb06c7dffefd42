// The profile that `profile init` begins: what a cluster has now, as far as a profile can say
// it; the rest are comments. Pure functions.
#pragma once

#include <kai/audit/facts/facts.hpp>
#include <kai/model/json.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kai::ai {

struct ClusterFound {
  const audit::Facts& facts;
  std::string name;                   // of the platform
  std::vector<std::string> not_read;  // "resourcequotas: forbidden: …"
  std::vector<model::Json> policies;  // NetworkPolicies, by namespace and name
  std::map<std::string, std::string, std::less<>> descriptions;  // of PriorityClasses
  // namespace/name of LimitRanges that have more than defaults of containers.
  std::set<std::string, std::less<>> wider_ranges;
  bool has_cluster_policy = false;  // GPU Operator's
};

// A whole document, with comments. It is valid: what the profile's own check refuses becomes
// a comment, too.
std::string starter_text(const ClusterFound& found);

// The lines of a document that is being written, two spaces a level.
class Lines {
 public:
  void add(int level, std::string_view text);
  void comment(int level, std::string_view text);
  // "key: value", quoted where it must be.
  void add(int level, std::string_view key, std::string_view value);
  void append(const Lines& more);
  [[nodiscard]] const std::string& text() const { return m_text; }
  [[nodiscard]] bool has_keys() const { return m_has_keys; }  // more than comments

 private:
  std::string m_text;
  bool m_has_keys = false;
};

// A string as YAML has it: quoted where it would be read as something else.
std::string yaml_scalar(std::string_view text);

// `network:` of one namespace, at this level.
void write_network(const std::vector<const model::Json*>& policies, int level, Lines& lines);

}  // namespace kai::ai
