#include <kai/audit/settings.hpp>

#include <kai/audit/rules.hpp>
#include <kai/model/duration.hpp>
#include <kai/model/field_checker.hpp>
#include <kai/model/names.hpp>
#include <kai/model/yaml.hpp>

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace kai::audit {
namespace {

using model::Json;

constexpr model::Field k_file[] = {
    {"apiVersion"},
    {"kind"},
    {"thresholds", model::FieldType::map},
};

std::optional<std::int64_t> read_percent(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  const bool whole = read.ec == std::errc() && read.ptr == end;
  return whole && value >= 1 && value <= 100 ? std::optional(value) : std::nullopt;
}

std::optional<std::int64_t> read_seconds(std::string_view text) {
  const auto duration = model::parse_duration(text);
  if (!duration) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::seconds>(*duration).count();
}

// A plain number is what kubectl takes it for: seconds.
std::optional<std::int64_t> read_value(const Json& value, Threshold::Unit unit) {
  if (!value.is_string() && !value.is_number_integer()) return std::nullopt;
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  return unit == Threshold::Unit::percent ? read_percent(text) : read_seconds(text);
}

class Reader {
 public:
  Reader(model::FieldChecker& checker, Thresholds& thresholds)
      : m_checker(checker), m_thresholds(thresholds) {}

  void read(const Json& rules) {
    for (const auto& [id, values] : rules.items()) {
      const std::string at = "/thresholds/" + id;
      const Rule* const rule = find_rule(id);
      if (rule == nullptr) {
        m_checker.problem(at, no_such_rule(id));
      } else if (rule->thresholds.empty()) {
        m_checker.problem(at, "the rule " + id + " has no thresholds");
      } else if (!values.is_object()) {
        m_checker.problem(at, "the thresholds of " + id + " must be a map: " + names_of(*rule));
      } else {
        read(*rule, values, at);
      }
    }
  }

 private:
  void read(const Rule& rule, const Json& values, const std::string& at) {
    for (const auto& [name, value] : values.items()) {
      const Threshold* const threshold = rule.threshold(name);
      if (threshold == nullptr) {
        m_checker.problem(at + "/" + name, std::string(rule.id) + " has no threshold \"" + name +
                                               "\"; it has " + names_of(rule));
      } else if (const auto number = read_value(value, threshold->unit)) {
        m_thresholds.set(*threshold, *number);
      } else {
        const bool percent = threshold->unit == Threshold::Unit::percent;
        m_checker.problem(at + "/" + name, name + " must be " +
                                               (percent ? "a percentage from 1% to 100%"
                                                        : "a duration such as 15m") +
                                               ", not " + value.dump());
      }
    }
  }

  static std::string names_of(const Rule& rule) {
    std::string text;
    for (const Threshold& threshold : rule.thresholds) {
      text += (text.empty() ? "" : ", ") + std::string(threshold.name);
    }
    return text;
  }

  model::FieldChecker& m_checker;
  Thresholds& m_thresholds;
};

}  // namespace

std::string Threshold::text(std::int64_t value) const {
  if (unit == Unit::percent) return std::to_string(value) + "%";
  return model::format_duration(std::chrono::seconds(value));
}

Result<Settings> parse_settings(std::string_view text, std::string_view file) {
  model::YamlOptions options;
  options.file = file;
  options.positions = model::Positions::record;
  KAI_TRY_ASSIGN(const model::YamlDocument document, model::parse_yaml(text, options));

  model::FieldChecker checker(document.positions, file, "the file of settings");
  checker.check_fields(document.value, k_file);
  checker.check_type(document.value, "kubectl-ai/v1alpha1", k_settings_kind);
  KAI_TRY(checker.result());
  Settings settings;
  const Json* const thresholds = model::find_path(document.value, {"thresholds"});
  if (thresholds != nullptr) Reader(checker, settings.thresholds).read(*thresholds);
  KAI_TRY(checker.result());
  return settings;
}

}  // namespace kai::audit
