#include <kai/audit/source/redact.hpp>

#include <kai/audit/facts/exception_mark.hpp>
#include <kai/model/manifests.hpp>

#include <algorithm>
#include <initializer_list>
#include <random>

namespace kai::audit {
namespace {

using model::Json;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

// Calls `visit` with each run of letters and digits, and each run of anything else.
template <class Visit>
void each_run(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const bool word = is_word(text.front());
    std::size_t size = 1;
    while (size < text.size() && is_word(text[size]) == word) ++size;
    visit(text.substr(0, size), word);
    text.remove_prefix(size);
  }
}

// Without a letter there is no name in it: an ordinal, a version.
bool has_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || static_cast<unsigned char>(c) >= 0x80; });
}

std::uint64_t rotate(std::uint64_t value, unsigned by) {
  return (value << by) | (value >> (64 - by));
}

// SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012).
std::uint64_t siphash(const std::array<std::uint64_t, 2>& key, std::string_view text) {
  std::uint64_t v0 = key[0] ^ 0x736F6D6570736575ULL;
  std::uint64_t v1 = key[1] ^ 0x646F72616E646F6DULL;
  std::uint64_t v2 = key[0] ^ 0x6C7967656E657261ULL;
  std::uint64_t v3 = key[1] ^ 0x7465646279746573ULL;
  const auto round = [&] {
    v0 += v1;
    v1 = rotate(v1, 13) ^ v0;
    v0 = rotate(v0, 32);
    v2 += v3;
    v3 = rotate(v3, 16) ^ v2;
    v0 += v3;
    v3 = rotate(v3, 21) ^ v0;
    v2 += v1;
    v1 = rotate(v1, 17) ^ v2;
    v2 = rotate(v2, 32);
  };
  const auto take = [&](std::uint64_t block) {
    v3 ^= block;
    round();
    round();
    v0 ^= block;
  };
  std::size_t at = 0;
  std::uint64_t block = 0;
  for (const char c : text) {
    block |= std::uint64_t{static_cast<unsigned char>(c)} << (8 * (at % 8));
    if (++at % 8 == 0) {
      take(block);
      block = 0;
    }
  }
  take(block | (std::uint64_t{at & 0xFFU} << 56U));
  v2 ^= 0xFF;
  for (int i = 0; i < 4; ++i) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

bool is_one_of(std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// Members that say where or which machine, and that no rule looks at.
bool is_dropped(std::string_view key) {
  return is_one_of(
      key, {"uid",          "podIP",          "podIPs",      "hostIP",          "hostIPs",
            "clusterIP",    "clusterIPs",     "externalIPs", "addresses",       "hostAliases",
            "podCIDR",      "podCIDRs",       "machineID",   "systemUUID",      "bootID",
            "containerID",  "imageID",        "selfLink",    "resourceVersion", "images",
            "volumesInUse", "volumesAttached"});
}

// Members whose text is a name, or has names in it; of maps, all texts below.
bool holds_names(std::string_view key) {
  return is_one_of(key, {"name",
                         "generateName",
                         "namespace",
                         "nodeName",
                         "hostname",
                         "subdomain",
                         "serviceAccountName",
                         "serviceAccount",
                         "claimName",
                         "secretName",
                         "volumeName",
                         "topologyKeyValue",
                         "labels",
                         "matchLabels",
                         "nodeSelector",
                         "values",
                         "selector",
                         "message",
                         "host",
                         "hosts",
                         "path",
                         "server",
                         "holderIdentity",
                         "nominatedNodeName",
                         "priorityClassName",
                         "runtimeClassName",
                         "schedulerName",
                         "namespaces",
                         "volumeHandle"});
}

// Labels whose values are words of a vendor or of Kubernetes: products, states, levels.
bool is_known_label(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view domain = key.substr(0, slash);
  if (key == "kubernetes.io/os" || key == "kubernetes.io/arch") return true;
  for (const std::string_view known :
       {"nvidia.com", "amd.com", "intel.com", "feature.node.kubernetes.io",
        "pod-security.kubernetes.io", "node.kubernetes.io"}) {
    if (domain == known ||
        (domain.ends_with(known) && domain[domain.size() - known.size() - 1] == '.')) {
      return true;
    }
  }
  return false;
}

}  // namespace

Redactor::Redactor()
    : Redactor([] {
        std::random_device random;
        const auto word = [&] { return (std::uint64_t{random()} << 32U) | random(); };
        return std::array<std::uint64_t, 2>{word(), word()};
      }()) {}

Redactor::Redactor(std::array<std::uint64_t, 2> key) : m_key(key) {
  for (const model::Manifest& manifest : model::embedded_manifests()) {
    if (!manifest.path.starts_with("audit-data/")) continue;
    for (std::string_view rest = manifest.text; !rest.empty();) {
      const std::size_t size = std::min(rest.find('\n'), rest.size() - 1) + 1;
      const std::string_view line = rest.substr(0, size);
      rest.remove_prefix(size);
      if (line.substr(std::min(line.find_first_not_of(' '), size)).starts_with('#')) continue;
      each_run(line, [&](std::string_view run, bool word) {
        if (word) m_known.emplace(run);
      });
    }
  }
  // Kubernetes' own names.
  for (const char* const word :
       {"kube",      "system",     "public",  "node",       "lease",           "default",
        "root",      "ca",         "crt",     "kubernetes", "coredns",         "etcd",
        "apiserver", "controller", "manager", "scheduler",  "proxy",           "true",
        "false",     "linux",      "amd64",   "arm64",      "present",         "cluster",
        "admin",     "view",       "edit",    "anonymous",  "unauthenticated", "authenticated",
        "masters",   "critical",   "cpu",     "memory"}) {
    m_known.emplace(word);
  }
  // Names that rules ask for: schedulers with queues, what makes nodes, Istio's image.
  for (const char* const word :
       {"volcano", "kai", "runai", "yunikorn", "autoscaler", "karpenter", "auto"}) {
    m_known.emplace(word);
  }
}

const std::string& Redactor::word(std::string_view text) {
  const auto [entry, fresh] = m_words.try_emplace(std::string(text));
  if (fresh) {
    static constexpr std::string_view k_digits = "0123456789abcdef";
    std::uint64_t hash = siphash(m_key, text);
    entry->second = "x";  // a name may have to begin with a letter
    for (int i = 0; i < 8; ++i, hash >>= 4U) entry->second += k_digits[hash & 0xFU];
  }
  return entry->second;
}

std::string Redactor::name(std::string_view text) {
  std::string redacted;
  // Kubernetes' own users, groups and roles; these two have names behind them.
  if (text.starts_with("system:") && !text.starts_with("system:serviceaccount") &&
      !text.starts_with("system:node:")) {
    return std::string(text);
  }
  each_run(text, [&](std::string_view run, bool is_a_word) {
    if (!is_a_word || !has_letter(run) || m_known.contains(std::string(run))) {
      redacted += run;
    } else {
      redacted += word(run);
    }
  });
  return redacted;
}

// The tag stays: versions are judged.
std::string Redactor::image(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  std::size_t end = text.find('@');
  if (end == std::string_view::npos) {
    const std::size_t colon = text.rfind(':');
    const bool is_tag =
        colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
    end = is_tag ? colon : text.size();
  }
  return name(text.substr(0, end)) + std::string(text.substr(end));
}

// Metrics stay, what is compared with labels does not.
std::string Redactor::expression(std::string_view text) {
  std::string redacted;
  char quote = 0;
  std::string quoted;
  for (const char c : text) {
    if (quote == 0) {
      redacted += c;
      if (c == '"' || c == '\'' || c == '`') quote = c;
    } else if (c == quote) {
      redacted += name(quoted) + c;
      quoted.clear();
      quote = 0;
    } else {
      quoted += c;
    }
  }
  return redacted + name(quoted);
}

void Redactor::walk(Json& value, std::string_view key, bool names, bool keep_arguments) {
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    if (key == "image") {
      text = image(text);
    } else if (key == "providerID") {
      text = text.substr(0, text.find("://") == std::string::npos ? 0 : text.find("://") + 3);
    } else if (names) {
      text = name(text);
    }
    return;
  }
  if (value.is_array()) {
    for (Json& element : value) walk(element, key, names, keep_arguments);
    return;
  }
  if (!value.is_object()) return;
  auto& members = value.get_ref<Json::object_t&>();
  for (auto at = members.begin(); at != members.end();) {
    const std::string& member = at->first;
    const bool arguments = member == "args" || member == "command";
    if (is_dropped(member) || (arguments && !keep_arguments)) {
      at = members.erase(at);
      continue;
    }
    if (member == "annotations" && at->second.is_object()) {
      for (auto& [annotation, text] : at->second.get_ref<Json::object_t&>()) {
        const bool exception = annotation.starts_with(k_exception_prefix) && text.is_string();
        text = exception ? name(text.get_ref<const std::string&>()) : "";
      }
    } else if (member == "env" && at->second.is_array()) {
      // A variable's name is no name of anything; its value may be a secret.
      for (Json& variable : at->second) {
        if (!variable.is_object()) continue;
        const Json* const of = model::find_path(variable, {"name"});
        const bool nvidia = of != nullptr && of->is_string() &&
                            of->get_ref<const std::string&>().starts_with("NVIDIA_");
        if (!nvidia) variable.get_ref<Json::object_t&>().erase("value");
        if (!nvidia) variable.get_ref<Json::object_t&>().erase("valueFrom");
      }
    } else if (is_known_label(member) ||
               (member == "values" && is_known_label(model::string_at(value, {"key"})))) {
      // The value of such a label, or an expression about it.
    } else if (member == "expr" && at->second.is_string()) {
      at->second = expression(at->second.get_ref<const std::string&>());
    } else if (key == "ports" || key == "resources" || key == "conditions") {
      walk(at->second, member, member == "message", keep_arguments);
    } else if (!arguments) {
      walk(at->second, member, names || holds_names(member), keep_arguments);
    }
    ++at;
  }
}

void Redactor::redact(Json& object) {
  // The control plane's flags are what some rules are about.
  const bool control_plane = model::find_path(object, {"metadata", "annotations",
                                                       "kubernetes.io/config.mirror"}) != nullptr;
  walk(object, {}, false, control_plane);
}

}  // namespace kai::audit
