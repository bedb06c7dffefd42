// kai_model_answers: what kai/model makes of each line of stdin, for model_oracle_test.py,
// which asks Kubernetes' own code the same (tests/cluster/testkit/model.go).
#include <kai/model/json.hpp>
#include <kai/model/quantity.hpp>
#include <kai/model/selector.hpp>
#include <kai/model/taint.hpp>

#include <compare>
#include <iostream>
#include <string>

namespace {

using kai::model::Json;
using kai::model::LabelSelector;
using kai::model::Quantity;

Json refused() {
  return {{"error", true}};
}

Json calculate(const std::string& left, const std::string& right) {
  const auto a = Quantity::parse(left);
  const auto b = Quantity::parse(right);
  if (!a || !b) return refused();
  const int compare = *a < *b ? -1 : *a > *b ? 1 : 0;
  return {{"text", a->to_string()},       {"value", a->value()},
          {"milli", a->milli_value()},    {"compare", compare},
          {"sum", (*a + *b).to_string()}, {"difference", (*a - *b).to_string()}};
}

Json match(const kai::Result<LabelSelector>& selector, const Json& labels) {
  if (!selector) return refused();
  kai::model::Labels set;
  for (const auto& [name, value] : labels.items()) set[name] = value.get<std::string>();
  return {{"text", selector->to_string()}, {"matches", selector->matches(set)}};
}

Json reply(const Json& asked) {
  if (asked.contains("quantity")) {
    return calculate(asked["quantity"].get<std::string>(), asked["other"].get<std::string>());
  }
  if (asked.contains("selector")) {
    return match(LabelSelector::parse(asked["selector"].get<std::string>()), asked["labels"]);
  }
  if (asked.contains("labelSelector")) {
    return match(LabelSelector::from_json(asked["labelSelector"]), asked["labels"]);
  }
  return {{"matches", kai::model::Toleration::from_json(asked["toleration"])
                          .tolerates(kai::model::Taint::from_json(asked["taint"]))}};
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << kai::model::to_json(reply(Json::parse(line))) << '\n';
  }
}
