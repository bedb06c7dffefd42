// PlatformFacts: the profile that a cluster is compared with, and what that needs of objects
// beyond what other rules see of them. Read only when there is a profile. Part of Operations,
// with the same ownership.
#pragma once

#include <kai/audit/facts/head.hpp>
#include <kai/model/json.hpp>
#include <kai/model/quantity.hpp>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace kai::model {
struct Profile;
}

namespace kai::audit {

enum class Kind : std::uint8_t;
struct Facts;

// A ResourceQuota that does not count everything.
struct QuotaScope {
  Text ns;
  Text name;
  Text priority_class;  // the only PriorityClass whose pods it counts; empty: another scope
};

// What a LimitRange gives containers, as the API server completes it.
struct ContainerDefaultsFact {
  Head head;
  std::vector<std::pair<Text, model::Quantity>> requests;
  std::vector<std::pair<Text, model::Quantity>> limits;
};

struct PlatformFacts {
  std::shared_ptr<const model::Profile> profile;  // null: nothing to compare with
  std::vector<QuotaScope> quota_scopes;
  std::vector<ContainerDefaultsFact> container_defaults;
  std::vector<Text> never_preempting;  // PriorityClasses

  // nullptr: it counts everything in its namespace.
  [[nodiscard]] const QuotaScope* scope_of(std::string_view ns, std::string_view quota) const;
};

// Takes the kinds that have something for PlatformFacts.
void read_platform(Kind kind, const model::Json& object, const Head& head, Facts& facts);
void sort_platform(PlatformFacts& platform);

}  // namespace kai::audit
