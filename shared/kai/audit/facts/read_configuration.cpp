#include <kai/audit/facts/read_operations.hpp>
#include <kai/audit/facts/reader.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

using model::Json;

// The bytes that a base64 text (RFC 4648, with padding) stands for; nullopt if it is none.
std::optional<std::string> decode_base64(std::string_view text) {
  static constexpr std::string_view k_digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const std::size_t digit = k_digits.find(c);
    if (digit == std::string_view::npos || padding > 0) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    if (++digits % 4 != 1) bytes += static_cast<char>(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xFFU);
  }
  if (padding > 2 || (digits + padding) % 4 != 0) return std::nullopt;
  return bytes;
}

// What installation guides write where the key belongs, and keys that such guides give.
bool is_placeholder(std::string_view secret, const std::optional<std::string>& decoded) {
  if (secret.empty() || secret.find_first_of("<>${}[]_ ") != std::string_view::npos) return true;
  std::string lower(secret);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  static constexpr std::array<std::string_view, 6> k_words = {
      "changeme", "replaceme", "placeholder", "base64encoded", "yoursecret", "yourkey"};
  if (std::any_of(k_words.begin(), k_words.end(),
                  [&](std::string_view word) { return lower.find(word) != std::string::npos; })) {
    return true;
  }
  if (!decoded) return false;
  static constexpr std::array<std::string_view, 4> k_samples = {
      "secret is secure", "secret is secure, or is it?", "secret is secure, I think",
      "this is password"};
  std::string_view plain = *decoded;
  while (plain.ends_with('\n')) plain.remove_suffix(1);
  if (std::find(k_samples.begin(), k_samples.end(), plain) != k_samples.end()) return true;
  return !decoded->empty() && decoded->find_first_not_of(decoded->front()) == std::string::npos;
}

EncryptionConfiguration::Key read_key(const Json& json, const FieldPath& path) {
  EncryptionConfiguration::Key key;
  key.name = model::string_at(json, {"name"});
  key.path = path / "secret";
  const std::string_view secret = model::string_at(json, {"secret"});
  const auto decoded = decode_base64(secret);
  if (decoded) key.bytes = static_cast<std::int64_t>(decoded->size());
  key.placeholder = is_placeholder(secret, decoded);
  return key;
}

EncryptionConfiguration read_encryption(const Json& object, const Head& head) {
  EncryptionConfiguration result;
  result.head = head;
  std::size_t entry_index = 0;
  for (const Json& entry_json : array_at(object, {"resources"})) {
    EncryptionConfiguration::Entry entry;
    entry.path = FieldPath() / "resources" / entry_index++;
    for (const Json& resource : array_at(entry_json, {"resources"})) {
      if (resource.is_string()) entry.resources.push_back(resource.get<std::string>());
    }
    std::size_t provider_index = 0;
    for (const Json& provider_json : array_at(entry_json, {"providers"})) {
      const FieldPath path = entry.path / "providers" / provider_index++;
      if (!provider_json.is_object() || provider_json.empty()) continue;
      EncryptionConfiguration::Provider provider;
      provider.type = provider_json.begin().key();
      provider.path = path / std::string_view(provider.type);
      std::size_t key_index = 0;
      for (const Json& key : array_at(provider_json, {provider.type, "keys"})) {
        provider.keys.push_back(read_key(key, provider.path / "keys" / key_index++));
      }
      entry.providers.push_back(std::move(provider));
    }
    result.entries.push_back(std::move(entry));
  }
  return result;
}

KubeletConfiguration read_kubelet(const Json& object, const Head& head) {
  KubeletConfiguration result;
  result.head = head;
  if (const Json* hard = model::find_path(object, {"evictionHard"});
      hard != nullptr && hard->is_object()) {
    for (const auto& [signal, threshold] : hard->get_ref<const Json::object_t&>()) {
      result.eviction_hard.push_back(signal);
    }
  }
  result.merges_defaults = model::bool_at(object, {"mergeDefaultEvictionSettings"});
  return result;
}

}  // namespace

bool read_configuration(const Json& object, const Head& head, Facts& facts) {
  const std::string_view group = model::Resource::group_of(head.api_version);
  Head own = head;
  own.ns = {};  // it lies on a node
  if (group == "kubelet.config.k8s.io" && head.kind == std::string_view("KubeletConfiguration")) {
    facts.operations->kubelets.push_back(read_kubelet(object, own));
    return true;
  }
  if (group == "apiserver.config.k8s.io" &&
      head.kind == std::string_view("EncryptionConfiguration")) {
    facts.operations->encryption.push_back(read_encryption(object, own));
    return true;
  }
  return false;
}

}  // namespace kai::audit
