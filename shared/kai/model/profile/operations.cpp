// spec.backup, spec.kubeflow and spec.host.
#include <kai/model/cron.hpp>
#include <kai/model/duration.hpp>
#include <kai/model/profile/sections.hpp>

#include <algorithm>

namespace kai::model {

namespace {

using Type = FieldType;

constexpr Field k_backup[] = {{"provider", Type::text},
                              {"bucket", Type::text},
                              {"endpoint", Type::text},
                              {"schedule", Type::text},
                              {"ttl", Type::text}};

constexpr Field k_kubeflow[] = {{"source", Type::text}, {"version", Type::text}};

constexpr Field k_host[] = {{"os", Type::text},
                            {"runtime", Type::text},
                            {"kubernetes", Type::text},
                            {"reserved", Type::map}};

// A text without which the section means nothing.
std::string filled(const ProfileValue& value) {
  const auto text = value.text();
  if (text && text->empty()) value.problem("must not be empty");
  return text.value_or("");
}

bool is_url(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::string_view rest = text.substr(scheme.size());
    return !rest.empty() && rest.front() != '/' && rest.front() != ':' &&
           std::none_of(rest.begin(), rest.end(), [](char c) { return c <= ' ' || c == '\x7f'; });
  }
  return false;
}

// "v1.34" or "v1.34.2".
bool is_kubernetes_version(std::string_view text) {
  if (!text.starts_with("v1.")) return false;
  text.remove_prefix(3);
  for (int part = 0; part < 2; ++part) {
    const std::size_t dot = text.find('.');
    const std::string_view number = text.substr(0, dot);
    if (number.empty() || number.size() > 4) return false;
    if (number.find_first_not_of("0123456789") != std::string_view::npos) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
  return false;
}

}  // namespace

std::span<const Field> backup_fields() {
  return k_backup;
}

std::span<const Field> kubeflow_fields() {
  return k_kubeflow;
}

std::span<const Field> host_fields() {
  return k_host;
}

BackupProfile read_backup(const ProfileValue& section) {
  BackupProfile backup;
  backup.provider = filled(section.required("provider"));
  backup.bucket = filled(section.required("bucket"));
  const ProfileValue endpoint = section["endpoint"];
  backup.endpoint = endpoint.text();
  if (backup.endpoint && !is_url(*backup.endpoint)) {
    endpoint.problem("must be a URL such as http://minio.velero.svc:9000, not \"" +
                     *backup.endpoint + "\"");
  }
  const ProfileValue schedule = section["schedule"];
  backup.schedule = schedule.text();
  if (backup.schedule && !longest_interval(*backup.schedule)) {
    schedule.problem("is \"" + *backup.schedule +
                     "\", which is no schedule: write five fields, \"0 1 * * *\", or @daily");
  }
  const ProfileValue ttl = section["ttl"];
  backup.ttl = ttl.text();
  if (backup.ttl) {
    const bool has_unit = backup.ttl->find_first_not_of("0123456789.") != std::string::npos;
    const auto parsed = parse_duration(*backup.ttl);
    if (!has_unit || !parsed || parsed->count() == 0) {
      ttl.problem("must be a duration in hours, minutes or seconds such as 720h, not \"" +
                  *backup.ttl + "\"");
    }
  }
  return backup;
}

KubeflowProfile read_kubeflow(const ProfileValue& section) {
  KubeflowProfile kubeflow;
  kubeflow.source = filled(section.required("source"));
  kubeflow.version = section["version"].text();
  if (kubeflow.version) filled(section["version"]);
  return kubeflow;
}

HostProfile read_host(const ProfileValue& section) {
  HostProfile host;
  host.os = section["os"].one_of({"auto", "debian", "ubuntu", "rhel"});
  host.runtime = section["runtime"].one_of({"auto", "containerd", "cri-o"});
  const ProfileValue kubernetes = section["kubernetes"];
  host.kubernetes = kubernetes.text();
  if (host.kubernetes && !is_kubernetes_version(*host.kubernetes)) {
    kubernetes.problem("must be a version such as v1.34 or v1.34.2, not \"" + *host.kubernetes +
                       "\"");
  }
  host.reserved = read_amounts(section["reserved"], AmountsOf::host);
  return host;
}

}  // namespace kai::model
