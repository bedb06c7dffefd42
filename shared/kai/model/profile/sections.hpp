// The sections of a profile, one file each: which keys they have, and how they are read.
//
// Internal to the layer. Each reader is given its section, which is there, and tells what
// is wrong with it through it.
#pragma once

#include <kai/model/profile.hpp>
#include <kai/model/profile/value.hpp>

#include <span>

namespace kai::model {

std::span<const Field> gpu_fields();
std::span<const Field> namespace_fields();
std::span<const Field> network_fields();
std::span<const Field> priority_class_fields();
std::span<const Field> backup_fields();
std::span<const Field> kubeflow_fields();
std::span<const Field> host_fields();

GpuProfile read_gpu(const ProfileValue& section);
std::vector<NamespaceProfile> read_namespaces(const ProfileValue& section);
NetworkProfile read_network(const ProfileValue& section);
std::vector<PriorityClassProfile> read_priority_classes(const ProfileValue& section);
BackupProfile read_backup(const ProfileValue& section);
KubeflowProfile read_kubeflow(const ProfileValue& section);
HostProfile read_host(const ProfileValue& section);

// Which amounts a map may have.
enum class AmountsOf : std::uint8_t { quota, priority_quota, container, host };
ResourceAmounts read_amounts(const ProfileValue& section, AmountsOf owner);
// One of them; nullopt when it is wrong.
std::optional<Quantity> read_amount(const ProfileValue& value, std::string_view resource);

}  // namespace kai::model
