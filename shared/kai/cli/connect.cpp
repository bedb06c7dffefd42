#include <kai/cli/connect.hpp>

namespace kai::cli {

Result<std::shared_ptr<kube::Client>> connect(const kube::ConnectionFlags&, const Context&) {
  return fail(ErrorCode::internal, "this build cannot connect to a cluster yet");
}

}  // namespace kai::cli
