// The connection that a real session uses.
#pragma once

#include <kai/cli/session.hpp>

namespace kai::cli {

// Resolves the kubeconfig and connects; sends nothing yet.
Result<std::shared_ptr<kube::Client>> connect(const kube::ConnectionFlags& flags,
                                              const Context& context);

}  // namespace kai::cli
