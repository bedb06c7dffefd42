#include <kai/model/names.hpp>
#include <kai/model/profile.hpp>
#include <kai/model/profile/sections.hpp>
#include <kai/model/yaml.hpp>

namespace kai::model {

namespace {

using Type = FieldType;

constexpr Field k_metadata[] = {{"name", Type::text}};

// Once: the sections' own keys are in their files.
std::span<const Field> profile_fields() {
  static const std::vector<Field> spec = {
      {"gpu", Type::fields, gpu_fields()},
      {"namespaces", Type::list, namespace_fields()},
      {"priorityClasses", Type::list, priority_class_fields()},
      {"backup", Type::fields, backup_fields()},
      {"kubeflow", Type::fields, kubeflow_fields()},
      {"host", Type::fields, host_fields()},
  };
  static const std::vector<Field> fields = {{"apiVersion", Type::text},
                                            {"kind", Type::text},
                                            {"metadata", Type::fields, k_metadata},
                                            {"spec", Type::fields, spec}};
  return fields;
}

Profile read_profile(const ProfileValue& root) {
  Profile profile;
  const ProfileValue name = root["metadata"]["name"];
  profile.name = name.text().value_or("");
  if (name.text()) name.expect(check_dns_subdomain(profile.name));

  const ProfileValue spec = root["spec"];
  if (const auto gpu = spec["gpu"]; gpu.is_present()) profile.gpu = read_gpu(gpu);
  profile.namespaces = read_namespaces(spec["namespaces"]);
  profile.priority_classes = read_priority_classes(spec["priorityClasses"]);
  if (const auto backup = spec["backup"]; backup.is_present()) profile.backup = read_backup(backup);
  if (const auto kubeflow = spec["kubeflow"]; kubeflow.is_present()) {
    profile.kubeflow = read_kubeflow(kubeflow);
  }
  if (const auto host = spec["host"]; host.is_present()) profile.host = read_host(host);
  return profile;
}

}  // namespace

Result<ProfileReading> check_profile(std::string_view text, std::string_view file) {
  YamlOptions options;
  options.file = file;
  options.positions = Positions::record;
  KAI_TRY_ASSIGN(const YamlDocument document, parse_yaml(text, options));

  FieldChecker problems(document.positions, file, "the profile");
  problems.check_fields(document.value, profile_fields());
  problems.check_type(document.value, k_profile_api_version, k_profile_kind);
  FieldChecker warnings(document.positions, file, "the profile");
  ProfileReading reading;
  reading.profile = read_profile(ProfileValue({problems, warnings}, document.value));
  reading.problems = problems.problems();
  reading.warnings = warnings.problems();
  return reading;
}

Result<Profile> parse_profile(std::string_view text, std::string_view file) {
  KAI_TRY_ASSIGN(ProfileReading reading, check_profile(text, file));
  if (!reading.problems.empty()) return fail(as_error(reading.problems));
  return std::move(reading.profile);
}

}  // namespace kai::model
