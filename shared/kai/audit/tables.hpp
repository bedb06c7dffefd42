// Tables: what rules know about the world outside the cluster: removed APIs, etcd's
// flags, GPU metrics, well-known namespaces and images. Data files under
// manifests/audit-data/, each with a date and a source, compiled into the binary.
#pragma once

#include <kai/audit/facts/facts.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

struct ApiLifecycle {
  std::string api_version;
  std::string kind;
  KubeVersion deprecated;   // unknown: never was
  KubeVersion removed;      // the first version that does not serve it; unknown: still does
  std::string replacement;  // apiVersion, or empty when there is none
  KubeVersion since;        // that serves the replacement
  std::string note;         // what else changes, or what to use instead
};

struct MetricFamily {
  std::string exporter;            // who exposes it
  std::string prefix;              // that all its names have
  std::vector<std::string> names;  // sorted, with the prefix
};

struct MetricAdvice {
  std::string name;     // a name that people use and nobody exposes
  std::string instead;  // the metric that is meant
};

// Each table is read on first use, so that an audit pays only for what it looks at.
// Plain data once read; thread-safe.

class ApiTable {
 public:
  static const ApiTable& get();

  // The newest Kubernetes version that the table covers.
  [[nodiscard]] KubeVersion newest() const { return m_newest; }
  // nullptr when the table does not have it.
  [[nodiscard]] const ApiLifecycle* find(std::string_view api_version, std::string_view kind) const;
  [[nodiscard]] std::span<const ApiLifecycle> rows() const { return m_rows; }

 private:
  ApiTable();
  KubeVersion m_newest;
  std::vector<ApiLifecycle> m_rows;  // sorted by apiVersion and kind
};

class FlagTable {
 public:
  static const FlagTable& get();

  // The newest etcd that the table covers.
  [[nodiscard]] KubeVersion newest_etcd() const { return m_newest_etcd; }
  // All flags of the etcd versions in use, sorted.
  [[nodiscard]] const std::vector<std::string>& etcd() const { return m_etcd; }
  // Flags that kube-apiserver has and etcd does not, sorted.
  [[nodiscard]] const std::vector<std::string>& apiserver_only() const { return m_apiserver; }

 private:
  FlagTable();
  KubeVersion m_newest_etcd;
  std::vector<std::string> m_etcd;
  std::vector<std::string> m_apiserver;
};

class MetricTable {
 public:
  static const MetricTable& get();

  [[nodiscard]] std::span<const MetricFamily> families() const { return m_families; }
  // nullptr unless `name` is one that people take for a metric.
  [[nodiscard]] const MetricAdvice* advice(std::string_view name) const;
  [[nodiscard]] std::span<const MetricAdvice> all_advice() const { return m_advice; }

 private:
  MetricTable();
  std::vector<MetricFamily> m_families;
  std::vector<MetricAdvice> m_advice;
};

class WellKnown {
 public:
  static const WellKnown& get();

  // Namespaces of the cluster's own machinery: no workload of a user's belongs there.
  [[nodiscard]] bool is_system_namespace(std::string_view name) const;
  // Images whose containers see every GPU by design: device plugins, exporters.
  [[nodiscard]] bool is_gpu_infrastructure(std::string_view image) const;
  // Images that carry CUDA and ask for every GPU in their own environment.
  [[nodiscard]] bool is_cuda_image(std::string_view image) const;

 private:
  WellKnown();
  std::vector<std::string> m_system_namespaces;  // "*" at the end stands for anything
  std::vector<std::string> m_gpu_infrastructure;
  std::vector<std::string> m_cuda_images;
};

// The logins that Kubeflow ships for dex.
class KubeflowTable {
 public:
  static const KubeflowTable& get();

  [[nodiscard]] bool is_shipped_user(std::string_view user) const;
  [[nodiscard]] bool is_shipped_hash(std::string_view hash) const;

 private:
  KubeflowTable();
  std::vector<std::string> m_users;   // sorted
  std::vector<std::string> m_hashes;  // sorted
};

// An image reference without tag and digest:
// "nvcr.io/nvidia/k8s-device-plugin:v0.17.0" → "nvcr.io/nvidia/k8s-device-plugin".
std::string_view image_repository(std::string_view image);

}  // namespace kai::audit
