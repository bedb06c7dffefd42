// Which credential plugins may run: the user's own rule for kubectl, kept in kuberc.
//
// Internal to kai/kube. Since a kubeconfig may name any program, kubectl 1.35 and later
// look here first: https://kubernetes.io/docs/reference/kubectl/kuberc/
#pragma once

#include <kai/base/context.hpp>
#include <kai/base/result.hpp>

#include <string>

namespace kai::kube {

// Whether `command`, of the program at `program`, may run: as KUBERC or ~/.kube/kuberc
// says, and yes when there is no such file or it has no rule. Errors: forbidden;
// invalid_input for a rule that makes no sense, since a rule that cannot be understood
// allows nothing.
Result<> check_plugin_policy(const std::string& command, const std::string& program,
                             const Context& context);

}  // namespace kai::kube
