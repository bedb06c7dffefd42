// The Pod Security Standards over the JSON of a pod spec, control by control as in
// k8s.io/pod-security-admission/policy v0.37, after the defaults that the API server fills
// in before it asks.
#include <kai/audit/facts/reader.hpp>
#include <kai/audit/facts/security.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <span>

namespace kai::audit {
namespace {

using model::Json;
using Names = std::span<const std::string_view>;

constexpr std::string_view k_app_armor_prefix = "container.apparmor.security.beta.kubernetes.io/";
constexpr std::string_view k_not_set = "not set";

constexpr std::string_view k_baseline_capabilities[] = {
    "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",      "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT"};
constexpr std::string_view k_restricted_capabilities[] = {"NET_BIND_SERVICE"};
constexpr std::string_view k_selinux_types[] = {"", "container_t", "container_init_t",
                                                "container_kvm_t", "container_engine_t"};
constexpr std::string_view k_safe_sysctls[] = {"kernel.shm_rmid_forced",
                                               "net.ipv4.ip_local_port_range",
                                               "net.ipv4.tcp_syncookies",
                                               "net.ipv4.ping_group_range",
                                               "net.ipv4.ip_unprivileged_port_start",
                                               "net.ipv4.ip_local_reserved_ports",
                                               "net.ipv4.tcp_keepalive_time",
                                               "net.ipv4.tcp_fin_timeout",
                                               "net.ipv4.tcp_keepalive_intvl",
                                               "net.ipv4.tcp_keepalive_probes",
                                               "net.ipv4.tcp_rmem",
                                               "net.ipv4.tcp_wmem",
                                               "net.ipv4.tcp_slow_start_after_idle",
                                               "net.ipv4.tcp_notsent_lowat"};
constexpr std::string_view k_restricted_volumes[] = {
    "configMap", "csi",   "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret"};

bool is_one_of(std::string_view text, Names names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

// A member that is there and not null; nullptr otherwise.
const Json* member(const Json& object, std::string_view key) {
  const Json* const found = model::find_path(object, {key});
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::optional<bool> flag(const Json* object, std::string_view key) {
  const Json* const found = object == nullptr ? nullptr : member(*object, key);
  if (found == nullptr || !found->is_boolean()) return std::nullopt;
  return found->get<bool>();
}

std::string_view text(const Json* object, std::string_view key) {
  return object == nullptr ? std::string_view() : model::string_at(*object, {key});
}

bool contains(const Json& list, std::string_view text) {
  return std::any_of(list.begin(), list.end(), [&](const Json& value) {
    return value.is_string() && value.get_ref<const std::string&>() == text;
  });
}

class Evaluation {
 public:
  Evaluation(const Json& spec, const Json* metadata, TextStore& texts)
      : m_spec(spec), m_metadata(metadata), m_texts(texts) {
    m_windows = model::string_at(spec, {"os", "name"}) == "windows";
    m_user_namespace = flag(&spec, "hostUsers") == false;
    m_host_network = model::bool_at(spec, {"hostNetwork"});
  }

  PodSecurity run() {
    const FieldPath spec_path = FieldPath() / "spec";
    pod(spec_path);
    for (const std::string_view list : {"initContainers", "containers", "ephemeralContainers"}) {
      std::size_t index = 0;
      for (const Json& json : array_at(m_spec, {list})) {
        m_ephemeral = list == "ephemeralContainers";
        container(json, spec_path / list / index++);
      }
    }
    volumes(spec_path / "volumes");
    annotations();
    auto& breaches = m_result.breaches;
    std::sort(breaches.begin(), breaches.end(),
              [](const PodBreach& a, const PodBreach& b) { return a.control < b.control; });
    return std::move(m_result);
  }

 private:
  void breach(PodControl control, const FieldPath& path, std::string_view value) {
    auto& breaches = m_result.breaches;
    const auto known = std::find_if(breaches.begin(), breaches.end(),
                                    [&](const PodBreach& b) { return b.control == control; });
    if (m_ephemeral) m_result.debugged = true;
    if (known != breaches.end()) {
      ++known->count;
      return;
    }
    breaches.push_back({control, 1, m_texts.intern(path.pointer()), m_texts.intern(value)});
  }

  // What a pod's and a container's securityContext have in common.
  void context(const Json* context, const FieldPath& path) {
    if (context == nullptr) return;
    if (const Json* profile = member(*context, "appArmorProfile")) {
      const std::string_view type = text(profile, "type");
      if (type != "RuntimeDefault" && type != "Localhost") {
        breach(PodControl::app_armor, path / "appArmorProfile" / "type", type);
      }
    }
    if (const Json* options = member(*context, "seLinuxOptions")) {
      const FieldPath options_path = path / "seLinuxOptions";
      const std::string_view type = text(options, "type");
      if (!is_one_of(type, k_selinux_types)) {
        breach(PodControl::selinux, options_path / "type", type);
      }
      for (const std::string_view key : {"user", "role"}) {
        const std::string_view value = text(options, key);
        if (!value.empty()) breach(PodControl::selinux, options_path / key, value);
      }
    }
    if (model::bool_at(*context, {"windowsOptions", "hostProcess"})) {
      breach(PodControl::windows_host_process, path / "windowsOptions" / "hostProcess", "true");
    }
    if (const Json* user = member(*context, "runAsUser"); user != nullptr && !m_user_namespace &&
                                                          user->is_number_integer() &&
                                                          user->get<std::int64_t>() == 0) {
      breach(PodControl::run_as_user, path / "runAsUser", "0");
    }
  }

  enum class Seccomp { unset, allowed, forbidden };
  Seccomp seccomp(const Json* context, const FieldPath& path) {
    const Json* const profile = context == nullptr ? nullptr : member(*context, "seccompProfile");
    if (profile == nullptr) return Seccomp::unset;
    const std::string_view type = text(profile, "type");
    if (type == "RuntimeDefault" || type == "Localhost") return Seccomp::allowed;
    const FieldPath type_path = path / "seccompProfile" / "type";
    breach(PodControl::seccomp, type_path, type);
    if (!m_windows) breach(PodControl::restricted_seccomp, type_path, type);
    return Seccomp::forbidden;
  }

  void pod(const FieldPath& path) {
    for (const std::string_view key : {"hostNetwork", "hostPID", "hostIPC"}) {
      if (model::bool_at(m_spec, {key})) breach(PodControl::host_namespaces, path / key, "true");
    }
    const Json* const own = member(m_spec, "securityContext");
    const FieldPath own_path = path / "securityContext";
    if (own != nullptr) m_result.pod |= k_has_context;
    context(own, own_path);
    std::size_t index = 0;
    for (const Json& sysctl : array_at(m_spec, {"securityContext", "sysctls"})) {
      const std::string_view name = model::string_at(sysctl, {"name"});
      const FieldPath name_path = own_path / "sysctls" / index++ / "name";
      if (!is_one_of(name, k_safe_sysctls)) breach(PodControl::sysctls, name_path, name);
    }
    m_pod_seccomp = seccomp(own, own_path);
    if (m_pod_seccomp == Seccomp::forbidden) m_result.pod |= k_wants_seccomp;
    const auto non_root = flag(own, "runAsNonRoot");
    m_pod_non_root = non_root == true;
    if (non_root == false && !m_user_namespace) {
      m_result.pod |= k_wants_non_root;
      breach(PodControl::run_as_non_root, own_path / "runAsNonRoot", "false");
    }
  }

  void container(const Json& json, const FieldPath& path) {
    const Json* const own = member(json, "securityContext");
    const FieldPath own_path = path / "securityContext";
    std::uint8_t hardening = own == nullptr ? 0 : k_has_context;
    context(own, own_path);
    if (flag(own, "privileged") == true) {
      breach(PodControl::privileged, own_path / "privileged", "true");
    }
    if (const Json* mount = own == nullptr ? nullptr : member(*own, "procMount")) {
      const std::string_view type = text(own, "procMount");
      if (mount->is_string() && type != "Default") {
        if (!m_user_namespace) breach(PodControl::proc_mount, own_path / "procMount", type);
        breach(PodControl::restricted_proc_mount, own_path / "procMount", type);
      }
    }
    const Seccomp profile = seccomp(own, own_path);
    if (profile == Seccomp::forbidden) hardening |= k_wants_seccomp;
    if (profile == Seccomp::unset && m_pod_seccomp != Seccomp::allowed && !m_windows) {
      m_result.pod |= k_wants_seccomp;
      breach(PodControl::restricted_seccomp, own_path / "seccompProfile" / "type", k_not_set);
    }
    if (!m_windows && flag(own, "allowPrivilegeEscalation") != false) {
      hardening |= k_wants_no_escalation;
      breach(PodControl::privilege_escalation, own_path / "allowPrivilegeEscalation",
             flag(own, "allowPrivilegeEscalation") ? "true" : k_not_set);
    }
    if (!m_user_namespace) {
      const auto non_root = flag(own, "runAsNonRoot");
      if (non_root == false) {
        hardening |= k_wants_non_root;
        breach(PodControl::run_as_non_root, own_path / "runAsNonRoot", "false");
      } else if (!non_root && !m_pod_non_root) {
        m_result.pod |= k_wants_non_root;
        breach(PodControl::run_as_non_root, own_path / "runAsNonRoot", k_not_set);
      }
    }
    hardening |= capabilities(own, own_path / "capabilities");
    ports(json, path / "ports");
    each_handler_host(json, [&](std::string_view host, const FieldPath& host_path) {
      breach(PodControl::host_probes, path / host_path, host);
    });
    if (!m_ephemeral) m_result.containers.push_back(hardening);
  }

  std::uint8_t capabilities(const Json* context, const FieldPath& path) {
    static const Json k_none = Json::object();
    const Json* const own = context == nullptr ? nullptr : member(*context, "capabilities");
    std::uint8_t hardening = own == nullptr ? 0 : k_has_capabilities;
    const Json& found = own == nullptr ? k_none : *own;
    std::size_t index = 0;
    for (const Json& json : array_at(found, {"add"})) {
      const FieldPath added_path = path / "add" / index++;
      const std::string_view name =
          json.is_string() ? std::string_view(json.get_ref<const std::string&>()) : "";
      if (!is_one_of(name, k_baseline_capabilities)) {
        breach(PodControl::capabilities, added_path, name);
      }
      if (!m_windows && !is_one_of(name, k_restricted_capabilities)) {
        breach(PodControl::restricted_capabilities, added_path, name);
      }
    }
    if (!m_windows && !contains(array_at(found, {"drop"}), "ALL")) {
      hardening |= k_wants_drop_all;
      breach(PodControl::restricted_capabilities, path / "drop",
             array_at(found, {"drop"}).empty() ? k_not_set : std::string_view("not ALL"));
    }
    return hardening;
  }

  void ports(const Json& json, const FieldPath& path) {
    std::size_t index = 0;
    for (const Json& port : array_at(json, {"ports"})) {
      const FieldPath port_path = path / index++ / "hostPort";
      std::int64_t number = model::int_at(port, {"hostPort"});
      // The API server sets it for pods on the host's network.
      if (number == 0 && m_host_network && !m_ephemeral) {
        number = model::int_at(port, {"containerPort"});
      }
      if (number != 0) breach(PodControl::host_ports, port_path, std::to_string(number));
    }
  }

  void volumes(const FieldPath& path) {
    std::size_t index = 0;
    m_ephemeral = false;
    for (const Json& volume : array_at(m_spec, {"volumes"})) {
      const FieldPath volume_path = path / index++;
      if (!volume.is_object()) continue;
      std::string_view source;
      bool allowed = false;
      for (const auto& [key, value] : volume.get_ref<const Json::object_t&>()) {
        if (key == "name" || value.is_null()) continue;
        allowed = allowed || is_one_of(key, k_restricted_volumes);
        source = key;
      }
      if (const Json* host = member(volume, "hostPath")) {
        breach(PodControl::host_path_volumes, volume_path / "hostPath", text(host, "path"));
      }
      // A volume without a source is an emptyDir.
      if (!allowed && !source.empty()) {
        breach(PodControl::restricted_volumes, volume_path / source, "set");
      }
    }
  }

  void annotations() {
    each_app_armor_annotation(m_metadata, [&](std::string_view key, std::string_view value) {
      if (value.empty() || value == "runtime/default" || value.starts_with("localhost/")) return;
      breach(PodControl::app_armor, FieldPath() / "metadata" / "annotations" / key, value);
    });
  }

  const Json& m_spec;
  const Json* m_metadata;
  TextStore& m_texts;
  PodSecurity m_result;
  Seccomp m_pod_seccomp = Seccomp::unset;
  bool m_pod_non_root = false;
  bool m_windows = false;
  bool m_user_namespace = false;
  bool m_host_network = false;
  bool m_ephemeral = false;  // the container at hand
};

}  // namespace

std::string_view to_string(PodControl control) {
  switch (control) {
    case PodControl::app_armor: return "AppArmor";
    case PodControl::capabilities: return "Capabilities";
    case PodControl::host_namespaces: return "Host Namespaces";
    case PodControl::host_path_volumes: return "HostPath Volumes";
    case PodControl::host_ports: return "Host Ports";
    case PodControl::host_probes: return "Host Probes / Lifecycle Hooks";
    case PodControl::privileged: return "Privileged Containers";
    case PodControl::proc_mount: return "/proc Mount Type";
    case PodControl::selinux: return "SELinux";
    case PodControl::seccomp: return "Seccomp";
    case PodControl::sysctls: return "Sysctls";
    case PodControl::windows_host_process: return "HostProcess";
    case PodControl::privilege_escalation: return "Privilege Escalation";
    case PodControl::restricted_capabilities: return "Capabilities";
    case PodControl::restricted_proc_mount: return "/proc Mount Type";
    case PodControl::restricted_volumes: return "Volume Types";
    case PodControl::run_as_non_root: return "Running as Non-root";
    case PodControl::run_as_user: return "Running as Non-root user";
    case PodControl::restricted_seccomp: return "Seccomp";
  }
  return "";
}

PodSecurity read_pod_security(const Json& spec, const Json* metadata, TextStore& texts) {
  return Evaluation(spec, metadata, texts).run();
}

void each_handler_host(
    const Json& container,
    const std::function<void(std::string_view host, const FieldPath& path)>& visit) {
  struct Place {
    std::string_view handler;
    std::string_view hook;
  };
  static constexpr std::array<Place, 5> k_places = {{{"livenessProbe", ""},
                                                     {"readinessProbe", ""},
                                                     {"startupProbe", ""},
                                                     {"lifecycle", "postStart"},
                                                     {"lifecycle", "preStop"}}};
  for (const auto& [key, hook] : k_places) {
    const Json* handler = member(container, key);
    if (handler != nullptr && !hook.empty()) handler = member(*handler, hook);
    if (handler == nullptr) continue;
    for (const std::string_view action : {"httpGet", "tcpSocket"}) {
      const std::string_view host = model::string_at(*handler, {action, "host"});
      if (host.empty()) continue;
      const FieldPath path = hook.empty() ? FieldPath() / key : FieldPath() / key / hook;
      visit(host, path / action / "host");
    }
  }
}

void each_app_armor_annotation(
    const Json* metadata,
    const std::function<void(std::string_view key, std::string_view value)>& visit) {
  const Json* const found = metadata == nullptr ? nullptr : member(*metadata, "annotations");
  if (found == nullptr || !found->is_object()) return;
  const auto& annotations = found->get_ref<const Json::object_t&>();
  for (auto at = annotations.lower_bound(std::string(k_app_armor_prefix));
       at != annotations.end() && std::string_view(at->first).starts_with(k_app_armor_prefix);
       ++at) {
    if (at->second.is_string()) visit(at->first, at->second.get_ref<const std::string&>());
  }
}

}  // namespace kai::audit
