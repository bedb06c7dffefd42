#include <kai/audit/security_table.hpp>
#include <kai/audit/system_subjects.hpp>
#include <kai/audit/tables.hpp>

namespace kai::audit {

namespace {

constexpr std::string_view k_accounts_of = "system:serviceaccounts:";
constexpr std::string_view k_account = "system:serviceaccount:";

bool is_infrastructure(std::string_view ns) {
  return WellKnown::get().is_system_namespace(ns) ||
         SecurityTable::get().is_infrastructure_namespace(ns);
}

// Or whoever has any account at all.
bool is_everybody(std::string_view name) {
  return name == "system:anonymous" || name == "system:unauthenticated" ||
         name == "system:authenticated" || name == "system:serviceaccounts";
}

}  // namespace

bool is_system_subject(std::string_view kind, std::string_view ns, std::string_view name) {
  if (kind == "ServiceAccount") return is_infrastructure(ns);
  if (is_everybody(name)) return false;
  if (name.starts_with(k_accounts_of)) return is_infrastructure(name.substr(k_accounts_of.size()));
  if (name.starts_with(k_account)) {
    name.remove_prefix(k_account.size());
    return is_infrastructure(name.substr(0, name.find(':')));
  }
  // What kubeadm binds for administrators and for nodes that join.
  return name.starts_with("system:") || name.starts_with("kubeadm:");
}

}  // namespace kai::audit
