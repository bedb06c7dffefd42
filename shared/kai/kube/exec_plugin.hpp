// Credential plugins: a program of the kubeconfig that prints an ExecCredential.
//
// Internal to kai/kube. Protocol: client.authentication.k8s.io/v1 and v1beta1,
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
#pragma once

#include <kai/base/context.hpp>
#include <kai/base/result.hpp>
#include <kai/kube/encoding.hpp>
#include <kai/kube/kubeconfig.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace kai::kube {

struct ExecCredential {
  std::string token;
  std::string certificate_pem;
  std::string key_pem;
  std::optional<Timestamp> expires;
};

// Time for a person to sign in through a browser, which is what slow plugins wait for.
inline constexpr std::chrono::minutes k_exec_time_limit{5};

// Runs the plugin of `access`, which must have one. Errors: not_found with the
// configured install hint when there is no such program; unauthorized when it fails
// or gives no credential, with what it said on stderr; forbidden when the user's kuberc
// does not let it run; timed_out, cancelled.
Result<ExecCredential> run_exec_plugin(const ClusterAccess& access, const Context& context,
                                       std::chrono::milliseconds time_limit = k_exec_time_limit);

}  // namespace kai::kube
