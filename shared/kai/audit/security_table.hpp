// SecurityTable: whom and what rules about security know by name: infrastructure that has
// its rights on purpose, network plugins, tools that leave debug pods behind.
// manifests/audit-data/security.yaml, read on first use; plain data, thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

// How a tool's debug pods of a node are known.
struct DebugPods {
  std::string tool;         // "kubectl debug node"
  std::string name_prefix;  // empty: any name
  std::string label;        // "key=value"; empty: any
  bool host_pid = false;    // only those in the host's process namespace
};

class SecurityTable {
 public:
  static const SecurityTable& get();

  // Namespaces of add-ons that are installed with wide rights, beside WellKnown's.
  [[nodiscard]] bool is_infrastructure_namespace(std::string_view name) const;
  // Images that reach into their host by design: exporters, log shippers, storage drivers.
  [[nodiscard]] bool is_host_image(std::string_view image) const;
  // Images of what enforces NetworkPolicies.
  [[nodiscard]] bool enforces_policies(std::string_view image) const;
  // The name of the network plugin whose image it is and that ignores NetworkPolicies; or
  // empty.
  [[nodiscard]] std::string_view ignores_policies(std::string_view image) const;
  [[nodiscard]] std::span<const DebugPods> debug_pods() const { return m_debug_pods; }

 private:
  SecurityTable();
  struct Plugin {
    std::string name;
    std::vector<std::string> images;
  };
  std::vector<std::string> m_namespaces;
  std::vector<std::string> m_host_images;
  std::vector<std::string> m_enforcing;
  std::vector<Plugin> m_ignoring;
  std::vector<DebugPods> m_debug_pods;
};

}  // namespace kai::audit
