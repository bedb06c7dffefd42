// What namespaces have of policies and roles, and whether the roles give what they should.
// Values; pure functions.
#pragma once

#include "proof.hpp"
#include "state.hpp"

#include <kai/model/json.hpp>
#include <kai/output/style.hpp>

#include <string>
#include <vector>

namespace kai::policy {

struct NamespaceStatus {
  struct Name {
    std::string name;
    bool ours = false;
  };
  std::string ns;
  // "restricted", "restricted (v1.34)"; empty: no label.
  std::string enforce;
  std::string audit;
  std::string warn;
  bool labels_ours = false;
  std::string keeper;      // see tenant_keeper()
  bool closed_in = false;  // a policy selects every pod
  bool closed_out = false;
  std::vector<Name> policies;
  std::vector<Holder> holders;  // of roles of ours
};

// A service account that holders of ai-researcher or ai-operator can run pods as, and that
// has rights beyond the namespace.
struct WayOut {
  std::string ns;
  std::string account;
  std::string binding;
  std::string role;
};

struct PolicyStatus {
  std::vector<NamespaceStatus> namespaces;
  std::vector<WayOut> ways_out;
  std::vector<std::string> not_read;
  std::vector<Proof> proofs;

  [[nodiscard]] bool is_as_it_should() const;
  [[nodiscard]] bool is_proved() const;
};

// All but the proofs.
PolicyStatus status_of(const ClusterState& state);

enum class StatusDetail { normal, wide };
std::string status_text(const PolicyStatus& status, StatusDetail detail,
                        const output::Palette& palette, int width);
// The body of a PolicyStatus document.
model::Json status_json(const PolicyStatus& status);

}  // namespace kai::policy
