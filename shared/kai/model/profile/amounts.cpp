#include <kai/model/gpu.hpp>
#include <kai/model/names.hpp>
#include <kai/model/profile/sections.hpp>

#include <algorithm>
#include <array>

namespace kai::model {

namespace {

constexpr std::string_view k_gpus = "gpus";
constexpr std::string_view k_requests = "requests.";
constexpr std::string_view k_limits = "limits.";
constexpr std::string_view k_count = "count/";
constexpr std::string_view k_class_storage = ".storageclass.storage.k8s.io/";

// What a quota counts without a domain in its name (pkg/apis/core/helper of Kubernetes).
constexpr std::array<std::string_view, 19> k_quota_resources = {"cpu",
                                                                "memory",
                                                                "ephemeral-storage",
                                                                "requests.cpu",
                                                                "requests.memory",
                                                                "requests.storage",
                                                                "requests.ephemeral-storage",
                                                                "limits.cpu",
                                                                "limits.memory",
                                                                "limits.ephemeral-storage",
                                                                "pods",
                                                                "resourcequotas",
                                                                "services",
                                                                "replicationcontrollers",
                                                                "secrets",
                                                                "persistentvolumeclaims",
                                                                "configmaps",
                                                                "services.nodeports",
                                                                "services.loadbalancers"};
// … and of these, what it can count of one PriorityClass.
constexpr std::array<std::string_view, 7> k_scoped_resources = {
    "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "pods"};
constexpr std::array<std::string_view, 3> k_container_resources = {"cpu", "memory",
                                                                   "ephemeral-storage"};
constexpr std::array<std::string_view, 4> k_host_resources = {"cpu", "memory", "ephemeral-storage",
                                                              "pid"};

template <std::size_t Size>
bool is_in(const std::array<std::string_view, Size>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_huge_pages(std::string_view resource) {
  return resource.starts_with("hugepages-") || resource.starts_with("requests.hugepages-");
}

// Without "requests." and "limits.", which say what of it is counted.
std::string_view base_of(std::string_view resource) {
  for (const std::string_view prefix : {k_requests, k_limits}) {
    if (resource.starts_with(prefix)) return resource.substr(prefix.size());
  }
  return resource;
}

bool is_bytes(std::string_view resource) {
  if (const auto found = resource.find(k_class_storage); found != std::string_view::npos) {
    return resource.substr(found + k_class_storage.size()) == "requests.storage";
  }
  const std::string_view base = base_of(resource);
  return base == "memory" || base == "storage" || base == "ephemeral-storage" ||
         base.starts_with("hugepages-");
}

std::string as_written(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// "100Gi" for "100gi", "100GB", "100 Gb"; empty when nothing is near.
std::string meant_bytes(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789.");
  if (end == 0 || end == std::string_view::npos) return {};
  std::string_view unit = text.substr(end);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.empty()) return {};
  const char letter = static_cast<char>(unit.front() & ~0x20);
  const std::string_view rest = unit.substr(1);
  const bool is_known = rest.empty() || rest == "b" || rest == "B" || rest == "i" || rest == "I" ||
                        rest == "ib" || rest == "iB" || rest == "IB";
  if (!is_known || std::string_view("KMGTPE").find(letter) == std::string_view::npos) return {};
  return std::string(text.substr(0, end)) + letter + "i";
}

std::string did_you_mean(const std::string& text) {
  return text.empty() ? std::string() : "; did you mean " + text + "?";
}

// What is wrong with the unit of an amount; empty when nothing is.
std::string wrong_unit(std::string_view resource, const Quantity& amount, const std::string& text) {
  constexpr std::int64_t k_mebi = 1024 * 1024;
  if (amount < Quantity()) return "must not be negative, as " + text + " is";
  if (base_of(resource) == "cpu") {
    if (amount.format() != Quantity::Format::binary_si) return {};
    return "takes cores such as 20 or 500m, and " + text + " is an amount of bytes";
  }
  if (is_bytes(resource)) {
    if (!amount.is_whole()) {
      return "is in bytes, and " + text + " is a fraction of one" + did_you_mean(meant_bytes(text));
    }
    const bool is_bare = text.find_first_not_of("0123456789") == std::string::npos;
    if (is_bare && !amount.is_zero() && amount < Quantity::of(k_mebi)) {
      return "is in bytes: " + text + " needs a unit; did you mean " + text + "Gi?";
    }
    return {};
  }
  if (!amount.is_whole() || amount.format() == Quantity::Format::binary_si) {
    return "counts things and takes a whole number, not " + text;
  }
  return {};
}

// Whether a quota can count this of the pods of one PriorityClass.
bool can_be_scoped(std::string_view key) {
  if (key.find('/') == std::string_view::npos) return is_in(k_scoped_resources, key);
  return !key.starts_with(k_count) && key.find(k_class_storage) == std::string_view::npos;
}

// What Kubernetes would say of a quota key; empty when it takes it.
std::string wrong_quota_key(const std::string& key, AmountsOf owner) {
  if (const auto checked = check_label_key(key); !checked)
    return "is an " + checked.error().message;
  const bool is_known =
      key.find('/') != std::string::npos || is_in(k_quota_resources, key) || is_huge_pages(key);
  if (!is_known) {
    std::vector<std::string> known{std::string(k_gpus)};
    known.insert(known.end(), k_quota_resources.begin(), k_quota_resources.end());
    if (const auto nearest = nearest_name(key, known)) {
      return "is no resource of a quota; did you mean \"" + *nearest + "\"?";
    }
    return "is no resource of a quota; GPUs are gpus, other devices requests.example.com/name, "
           "objects count/<plural>.<group>";
  }
  if (owner == AmountsOf::priority_quota && !can_be_scoped(key)) {
    return "cannot be counted by PriorityClass: only pods, their cpu and memory, and devices can";
  }
  return {};
}

template <std::size_t Size>
std::string wrong_key(const std::array<std::string_view, Size>& list, const std::string& key) {
  if (is_in(list, key)) return {};
  const std::vector<std::string> known(list.begin(), list.end());
  if (const auto nearest = nearest_name(key, known)) {
    return "is unknown here; did you mean \"" + *nearest + "\"?";
  }
  std::string text = "is unknown here; known are";
  for (std::size_t i = 0; i < known.size(); ++i) text += (i == 0 ? " " : ", ") + known[i];
  return text;
}

std::string wrong_key(const std::string& key, AmountsOf owner) {
  switch (owner) {
    case AmountsOf::container: return wrong_key(k_container_resources, key);
    case AmountsOf::host: return wrong_key(k_host_resources, key);
    case AmountsOf::quota:
    case AmountsOf::priority_quota: break;
  }
  return wrong_quota_key(key, owner);
}

}  // namespace

std::string counting_quota_key(std::string_view key) {
  if (key.starts_with(k_limits)) key.remove_prefix(k_limits.size());
  return is_gpu_resource(key) ? std::string(k_requests).append(key) : std::string();
}

std::optional<Quantity> read_amount(const ProfileValue& value, std::string_view resource) {
  if (!value.json().is_string() && !value.json().is_number()) {
    value.wrong_type("an amount such as 2 or 100Gi");
    return std::nullopt;
  }
  const std::string text = as_written(value.json());
  const auto amount = Quantity::from_json(value.json());
  if (!amount) {
    value.problem("is \"" + text + "\", which is no amount" +
                  did_you_mean(is_bytes(resource) ? meant_bytes(text) : std::string()));
    return std::nullopt;
  }
  if (const std::string why = wrong_unit(resource, *amount, text); !why.empty()) {
    value.problem(why);
    return std::nullopt;
  }
  return *amount;
}

ResourceAmounts read_amounts(const ProfileValue& section, AmountsOf owner) {
  const bool is_quota = owner == AmountsOf::quota || owner == AmountsOf::priority_quota;
  ResourceAmounts amounts;
  for (const auto& [key, value] : section.members()) {
    // Maps of amounts for the requests and for the limits of a container.
    if (owner == AmountsOf::container && (key == "requests" || key == "limits")) continue;
    const bool is_gpus = is_quota && key == k_gpus;
    const std::string resource =
        is_gpus ? std::string(k_requests).append(k_nvidia_gpu) : std::string(key);
    if (!is_gpus) {
      if (const std::string why = wrong_key(key, owner); !why.empty()) {
        value.problem(why);
        continue;
      }
    }
    const auto amount = read_amount(value, resource);
    if (is_quota) {
      if (const std::string counting = counting_quota_key(key); !counting.empty()) {
        value.warning("limits nothing: Kubernetes counts GPUs by " + counting +
                      (counting == std::string(k_requests).append(k_nvidia_gpu)
                           ? ", which is gpus in a profile"
                           : ""));
      }
    }
    // "gpus" comes before what it stands for.
    if (amount && !amounts.emplace(resource, *amount).second) {
      value.problem("is the same as gpus, which is there too: leave one of them out");
    }
  }
  return amounts;
}

}  // namespace kai::model
