// Tables: what rules know about the world outside the cluster: removed APIs, etcd's
// flags, GPU metrics, images of the GPU stack, well-known namespaces and images. Data files under
// manifests/audit-data/, each with a date and a source, compiled into the binary.
#pragma once

#include <kai/audit/facts/facts.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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

// The numbers that an image's tag begins with: "v1.17.8-ubuntu20.04" → 1.17.8.
struct ImageVersion {
  std::vector<int> numbers;  // empty: the tag tells none

  static ImageVersion parse(std::string_view tag);
  [[nodiscard]] bool known() const { return !numbers.empty(); }
  // As if missing numbers at the end were zeros.
  [[nodiscard]] bool older_than(const ImageVersion& other) const;
};

// Images of the GPU stack: which do what, and which versions are too old.
class GpuStack {
 public:
  struct Stale {
    std::string image;
    std::string unless;  // a part of repositories of that name that are another vendor's
    std::string oldest;  // that is still fine
    std::string current;
    std::vector<std::string> older;  // beginnings of tags from before the present scheme
  };
  struct Vulnerability {
    std::string cve;
    std::string image;
    std::string fixed;
  };
  static const GpuStack& get();

  // Whether a container of that name and image registers GPUs with the kubelet.
  [[nodiscard]] bool is_device_plugin(std::string_view image, std::string_view container) const;
  [[nodiscard]] bool is_dra_driver(std::string_view image) const;
  [[nodiscard]] bool is_exporter(std::string_view image) const;
  // nullptr when the image is not in the table, or new enough, or does not tell.
  [[nodiscard]] const Stale* stale(std::string_view image) const;
  // The table's, in its order, that the image is affected by.
  [[nodiscard]] std::vector<const Vulnerability*> vulnerabilities(std::string_view image) const;
  // The least major version of the driver for a major version of CUDA; 0: not known.
  [[nodiscard]] int least_driver(int cuda) const;

 private:
  GpuStack();
  std::vector<std::string> m_device_plugins;
  std::vector<std::string> m_not_device_plugins;
  std::vector<std::string> m_dra_drivers;
  std::vector<std::string> m_exporters;
  std::vector<Stale> m_stale;
  std::vector<Vulnerability> m_vulnerabilities;
  std::vector<std::pair<int, int>> m_cuda_drivers;
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

class RuntimeTable {
 public:
  struct EndOfLife {
    std::string runtime;  // "containerd", "cri-o"
    KubeVersion version;
    std::string date;  // "2026-11-06"
    Seconds time = 0;  // the end of that day
  };
  struct Need {
    KubeVersion kubernetes;  // from this version on
    std::string runtime;
    KubeVersion version;
  };
  static const RuntimeTable& get();

  // nullptr when the table does not have it.
  [[nodiscard]] const EndOfLife* end_of_life(std::string_view runtime, KubeVersion version) const;
  // The oldest version of the runtime that a kubelet of that version works with.
  [[nodiscard]] std::optional<KubeVersion> needed(std::string_view runtime,
                                                  KubeVersion kubernetes) const;
  [[nodiscard]] std::span<const EndOfLife> ends() const { return m_ends; }

 private:
  RuntimeTable();
  std::vector<EndOfLife> m_ends;
  std::vector<Need> m_needs;
};

// Programs that do what is otherwise looked for in Velero and Prometheus.
class OtherTools {
 public:
  static const OtherTools& get();

  [[nodiscard]] bool is_backup(std::string_view image) const;
  [[nodiscard]] bool reads_service_monitors(std::string_view image) const;

 private:
  OtherTools();
  std::vector<std::string> m_backup;
  std::vector<std::string> m_service_monitors;
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
// The tag alone; empty when there is none.
std::string_view image_tag(std::string_view image);

}  // namespace kai::audit
