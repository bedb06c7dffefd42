// Label selectors, in both of Kubernetes' forms: the command line's
// ("env in (a,b),!gone") and LabelSelector objects. Plain values.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/json.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kai::model {

using Labels = std::map<std::string, std::string, std::less<>>;

class LabelSelector {
 public:
  enum class Operator { in, not_in, exists, does_not_exist, equals, not_equals, greater, less };
  struct Requirement {
    std::string key;
    Operator op = Operator::exists;
    std::vector<std::string> values;
  };

  // Matches everything.
  LabelSelector() = default;
  // The syntax of kubectl -l (k8s.io/apimachinery/pkg/labels). Errors: invalid_input
  // with the column, for syntax and for keys or values that no label can have.
  static Result<LabelSelector> parse(std::string_view text);
  // A metav1.LabelSelector. Its empty form matches everything; null matches nothing.
  static Result<LabelSelector> from_json(const Json& selector);

  [[nodiscard]] bool matches(const Labels& labels) const;
  [[nodiscard]] bool empty() const { return m_requirements.empty() && !m_nothing; }
  [[nodiscard]] const std::vector<Requirement>& requirements() const { return m_requirements; }
  // As a command line takes it; canonical.
  [[nodiscard]] std::string to_string() const;

 private:
  std::vector<Requirement> m_requirements;
  bool m_nothing = false;
};

}  // namespace kai::model
