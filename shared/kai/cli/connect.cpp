#include <kai/cli/connect.hpp>

#include <utility>

namespace kai::cli {

Result<std::shared_ptr<kube::Client>> connect(const kube::ConnectionFlags& flags,
                                              const Context& context) {
  KAI_TRY_ASSIGN(kube::ClusterAccess access, kube::resolve_access(flags, context));
  KAI_TRY_ASSIGN(std::unique_ptr<kube::Client> client,
                 kube::Client::connect(std::move(access), context));
  return std::shared_ptr<kube::Client>(std::move(client));
}

}  // namespace kai::cli
