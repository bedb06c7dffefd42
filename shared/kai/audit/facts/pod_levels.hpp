// What the rules about the Pod Security Standards share. Pure functions over facts.
#pragma once

#include <kai/audit/facts/facts.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kai::audit {

// The value of pod-security.kubernetes.io/<mode> of a namespace; empty: no such label, or
// the namespace was not read.
std::string_view pod_security_level(const Facts& facts, std::string_view ns, std::string_view mode);

// Namespaces of the system and of infrastructure: what runs there is privileged on purpose.
bool is_infrastructure_namespace(std::string_view ns);
// Pods that reach into their host by design, wherever they run.
bool is_host_infrastructure(const PodTemplate& spec);

// What of it a level ("baseline", "restricted", "privileged") would turn away.
std::vector<PodBreach> breaches_of(const PodSecurity& security, std::string_view level);

// The steps of a JSON patch that settle what of `restricted` can be settled without knowing
// the image, with paths from the subject's object.
model::Json hardening_steps(const Subject& subject);
// Whether that leaves the breach: a field that somebody has set on purpose has to go.
bool is_left_by_hardening(const PodBreach& breach);

// One line for each control of `breaches` that is broken, with its field.
std::vector<std::string> describe_breaches(const std::vector<PodBreach>& breaches,
                                           const Subject& subject);
// Where a breach stands in the subject's object.
FieldPath path_of(const PodBreach& breach, const Subject& subject);

}  // namespace kai::audit
