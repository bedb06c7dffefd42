// The YAML files below manifests/, compiled into the binary.
#pragma once

#include <span>
#include <string_view>

namespace kai::model {

struct Manifest {
  std::string_view path;  // "nvidia-device-plugin/daemonset.yaml"
  std::string_view text;
};

// All embedded files, sorted by path.
std::span<const Manifest> embedded_manifests();

}  // namespace kai::model
