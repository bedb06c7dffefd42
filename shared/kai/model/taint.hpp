// Taints and tolerations, matched exactly as the scheduler does it
// (k8s.io/component-helpers/scheduling/corev1). Plain values.
#pragma once

#include <kai/base/result.hpp>
#include <kai/model/json.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kai::model {

struct Taint {
  std::string key;
  std::string value;
  std::string effect;  // NoSchedule, PreferNoSchedule, NoExecute

  // "key=value:Effect" or "key:Effect", as kubectl taint takes it. Errors: what the
  // API server would reject, found before anything is sent.
  static Result<Taint> parse(std::string_view text);
  static Taint from_json(const Json& taint);
  [[nodiscard]] Json to_json() const;
  [[nodiscard]] std::string to_string() const;
  bool operator==(const Taint&) const = default;
};

struct Toleration {
  std::string key;  // empty with Exists: every key
  std::string op;   // "", Equal, Exists, Lt, Gt
  std::string value;
  std::string effect;  // empty: every effect

  static Toleration from_json(const Json& toleration);
  [[nodiscard]] bool tolerates(const Taint& taint) const;
  [[nodiscard]] std::string to_string() const;
  bool operator==(const Toleration&) const = default;
};

// The first taint that keeps a pod off a node (NoSchedule or NoExecute, not
// tolerated); nullptr when there is none.
const Taint* first_untolerated(std::span<const Taint> taints,
                               std::span<const Toleration> tolerations);

}  // namespace kai::model
