// What subjects may do, as the API server itself answers (SubjectAccessReview): what a role
// shall give, and that nothing of it leads out of the namespace.
#pragma once

#include <kai/base/result.hpp>
#include <kai/kube/client.hpp>
#include <kai/model/profile.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kai::policy {

// Who has which of our roles in a namespace.
struct Holder {
  std::string ns;
  model::RoleSubject subject;
  std::set<std::string, std::less<>> roles;
};

// "Group researchers", "ServiceAccount team/ops".
std::string to_string(const model::RoleSubject& subject);

// One question, and what the answer should be.
struct ProofCheck {
  std::string verb;
  std::string group;
  std::string resource;  // with its subresource: "pods/exec"
  std::string ns;        // empty: of the cluster, or of all namespaces
  std::string name;
  bool should = false;

  // "create pods/exec in team", "list secrets in all namespaces".
  [[nodiscard]] std::string what() const;
};

// What is asked about a holder. Pure.
std::vector<ProofCheck> checks_for(const Holder& holder);

struct ProofAnswer {
  ProofCheck check;
  bool allowed = false;
  std::string reason;  // the server's: which binding gives it
};

struct Proof {
  Holder holder;
  std::vector<ProofAnswer> answers;
  std::string not_asked;  // why there is no proof; empty: there is

  [[nodiscard]] std::vector<const ProofAnswer*> wrong() const;
};

// Asks all of it side by side. Errors: of the connection; a review that may not be made is
// said in the proof.
Result<std::vector<Proof>> prove(kube::Client& client, std::vector<Holder> holders);

}  // namespace kai::policy
