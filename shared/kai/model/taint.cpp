#include <kai/model/taint.hpp>

#include <kai/model/names.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace kai::model {
namespace {

constexpr std::array<std::string_view, 3> k_effects = {"NoSchedule", "PreferNoSchedule",
                                                       "NoExecute"};

Error malformed(std::string_view text, const std::string& why) {
  return Error(ErrorCode::invalid_input, "invalid taint \"" + std::string(text) + "\": " + why)
      .with_hint(
          "write a taint as key=value:Effect or key:Effect, with the effect NoSchedule, "
          "PreferNoSchedule or NoExecute");
}

// A decimal integer as Lt and Gt take it: no plus sign, no leading zeros, no "-0".
std::optional<std::int64_t> decimal(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || (digits.front() == '0' && text != "0")) return std::nullopt;
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

bool keeps_pods_off(const Taint& taint) {
  return taint.effect == "NoSchedule" || taint.effect == "NoExecute";
}

}  // namespace

Result<Taint> Taint::parse(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return fail(malformed(text, "it has no effect"));
  Taint taint;
  taint.effect = text.substr(colon + 1);
  if (std::find(k_effects.begin(), k_effects.end(), taint.effect) == k_effects.end()) {
    const std::vector<std::string> known(k_effects.begin(), k_effects.end());
    const auto nearest = nearest_name(taint.effect, known);
    return fail(malformed(text, "unknown effect \"" + taint.effect + "\"" +
                                    (nearest ? ", did you mean " + *nearest + "?" : "")));
  }
  const std::string_view pair = text.substr(0, colon);
  const auto equals = pair.find('=');
  taint.key = pair.substr(0, equals);
  if (equals != std::string_view::npos) taint.value = pair.substr(equals + 1);
  if (const auto key = check_label_key(taint.key); !key) {
    return fail(malformed(text, key.error().message));
  }
  if (const auto value = check_label_value(taint.value); !value) {
    return fail(malformed(text, value.error().message));
  }
  return taint;
}

Taint Taint::from_json(const Json& taint) {
  return {std::string(string_at(taint, {"key"})), std::string(string_at(taint, {"value"})),
          std::string(string_at(taint, {"effect"}))};
}

Json Taint::to_json() const {
  Json json = {{"key", key}, {"effect", effect}};
  if (!value.empty()) json["value"] = value;
  return json;
}

std::string Taint::to_string() const {
  std::string text = key;
  if (!value.empty()) text += "=" + value;
  if (!effect.empty() || !value.empty()) text += ":" + effect;
  return text;
}

Toleration Toleration::from_json(const Json& toleration) {
  return {std::string(string_at(toleration, {"key"})),
          std::string(string_at(toleration, {"operator"})),
          std::string(string_at(toleration, {"value"})),
          std::string(string_at(toleration, {"effect"}))};
}

bool Toleration::tolerates(const Taint& taint) const {
  if (!effect.empty() && effect != taint.effect) return false;
  if (!key.empty() && key != taint.key) return false;
  if (op.empty() || op == "Equal") return value == taint.value;
  if (op == "Exists") return true;
  if (op != "Lt" && op != "Gt") return false;
  const auto limit = decimal(value);
  const auto number = decimal(taint.value);
  if (!limit || !number) return false;
  return op == "Lt" ? *number < *limit : *number > *limit;
}

std::string Toleration::to_string() const {
  std::string text = key.empty() ? std::string("*") : key;
  if (op == "Lt" || op == "Gt") {
    text += (op == "Lt" ? "<" : ">") + value;
  } else if (op != "Exists") {
    text += "=" + value;
  }
  if (!effect.empty()) text += ":" + effect;
  return text;
}

const Taint* first_untolerated(std::span<const Taint> taints,
                               std::span<const Toleration> tolerations) {
  for (const Taint& taint : taints) {
    if (!keeps_pods_off(taint)) continue;
    const bool tolerated =
        std::any_of(tolerations.begin(), tolerations.end(),
                    [&](const Toleration& toleration) { return toleration.tolerates(taint); });
    if (!tolerated) return &taint;
  }
  return nullptr;
}

}  // namespace kai::model
