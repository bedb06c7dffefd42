#include <kai/cli/session.hpp>

namespace kai::cli {

Result<std::string> Session::ns() {
  if (m_flags.all_namespaces) return std::string();
  if (!m_flags.connection.ns.empty()) return m_flags.connection.ns;
  KAI_TRY_ASSIGN(const kube::Client* connected, client());
  return connected->access().ns;
}

}  // namespace kai::cli
