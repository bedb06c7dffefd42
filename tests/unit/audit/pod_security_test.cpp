// The Pod Security Standards, control by control. What is allowed and what is not follows
// k8s.io/pod-security-admission/test v0.37.
#include <kai/audit/facts/security.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builders.hpp"

namespace kai::audit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "Control path value" of each breach of a pod whose spec is `spec`, in flow style.
std::vector<std::string> breaches(const std::string& spec, const std::string& metadata = "") {
  const Facts facts =
      test::facts_of("{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b" + metadata +
                     "}, spec: " + spec + "}");
  std::vector<std::string> list;
  for (const PodBreach& breach : facts.pods.front().spec->security.breaches) {
    list.push_back(std::string(to_string(breach.control)) +
                   (breach.control < k_first_restricted ? " " : "* ") + breach.path.str() + " " +
                   breach.value.str());
  }
  return list;
}

// A pod that is restricted in all respects but `more` of the container and `pod`.
std::vector<std::string> hardened(const std::string& context, const std::string& container = "",
                                  const std::string& pod = "") {
  return breaches(
      "{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, "
      "containers: [{name: a, image: a, securityContext: {allowPrivilegeEscalation: false, "
      "capabilities: {drop: [ALL]}" +
      context + "}" + container + "}]" + pod + "}");
}

TEST(PodSecurity, AHardenedPodBreaksNothing) {
  EXPECT_THAT(hardened(""), IsEmpty());
  EXPECT_THAT(hardened(", runAsUser: 1000, procMount: Default, privileged: false"), IsEmpty());
  EXPECT_THAT(
      hardened("", "", ", volumes: [{name: a}, {name: b, emptyDir: {}}, {name: c, csi: {}}]"),
      IsEmpty());
}

TEST(PodSecurity, APlainPodBreaksWhatRestrictedAsksFor) {
  EXPECT_THAT(
      breaches("{containers: [{name: a, image: a}]}"),
      ElementsAre("Privilege Escalation* "
                  "/spec/containers/0/securityContext/allowPrivilegeEscalation not set",
                  "Capabilities* /spec/containers/0/securityContext/capabilities/drop not set",
                  "Running as Non-root* /spec/containers/0/securityContext/runAsNonRoot not set",
                  "Seccomp* /spec/containers/0/securityContext/seccompProfile/type not set"));
}

TEST(PodSecurity, HostNamespacesPathsAndPorts) {
  EXPECT_THAT(hardened("", ", ports: [{containerPort: 80}, {containerPort: 1, hostPort: 81}]"),
              ElementsAre("Host Ports /spec/containers/0/ports/1/hostPort 81"));
  // The API server gives the container's ports to the host.
  EXPECT_THAT(hardened("", ", ports: [{containerPort: 80}]", ", hostNetwork: true"),
              ElementsAre("Host Namespaces /spec/hostNetwork true",
                          "Host Ports /spec/containers/0/ports/0/hostPort 80"));
  EXPECT_THAT(hardened("", "", ", hostPID: true"),
              ElementsAre("Host Namespaces /spec/hostPID true"));
  EXPECT_THAT(hardened("", "", ", volumes: [{name: a, hostPath: {path: /dev}}]"),
              ElementsAre("HostPath Volumes /spec/volumes/0/hostPath /dev",
                          "Volume Types* /spec/volumes/0/hostPath set"));
  EXPECT_THAT(hardened("", "", ", volumes: [{name: a, nfs: {server: a, path: /}}]"),
              ElementsAre("Volume Types* /spec/volumes/0/nfs set"));
}

TEST(PodSecurity, Capabilities) {
  EXPECT_THAT(breaches("{containers: [{name: a, securityContext: {capabilities: {add: [CHOWN, "
                       "NET_RAW]}}}]}")
                  .front(),
              "Capabilities /spec/containers/0/securityContext/capabilities/add/1 NET_RAW");
  const std::string pod =
      "{securityContext: {runAsNonRoot: true, seccompProfile: {type: Localhost}}, containers: "
      "[{name: a, securityContext: {allowPrivilegeEscalation: false, capabilities: ";
  EXPECT_THAT(breaches(pod + "{add: [NET_BIND_SERVICE], drop: [ALL]}}}]}"), IsEmpty());
  EXPECT_THAT(
      breaches(pod + "{add: [CHOWN], drop: [ALL]}}}]}"),
      ElementsAre("Capabilities* /spec/containers/0/securityContext/capabilities/add/0 CHOWN"));
  EXPECT_THAT(
      breaches(pod + "{drop: [all, NET_RAW]}}}]}"),
      ElementsAre("Capabilities* /spec/containers/0/securityContext/capabilities/drop not ALL"));
}

TEST(PodSecurity, ProfilesAndOptions) {
  EXPECT_THAT(
      hardened(", seccompProfile: {type: Unconfined}"),
      ElementsAre("Seccomp /spec/containers/0/securityContext/seccompProfile/type Unconfined",
                  "Seccomp* /spec/containers/0/securityContext/seccompProfile/type Unconfined"));
  EXPECT_THAT(
      hardened(", appArmorProfile: {type: Unconfined}"),
      ElementsAre("AppArmor /spec/containers/0/securityContext/appArmorProfile/type Unconfined"));
  EXPECT_THAT(hardened(", seLinuxOptions: {type: container_engine_t, level: s0}"), IsEmpty());
  EXPECT_THAT(hardened(", seLinuxOptions: {user: root, type: spc_t}"),
              ElementsAre("SELinux /spec/containers/0/securityContext/seLinuxOptions/type spc_t"));
  EXPECT_THAT(
      hardened(", windowsOptions: {hostProcess: true}"),
      ElementsAre(
          "HostProcess /spec/containers/0/securityContext/windowsOptions/hostProcess true"));
  EXPECT_THAT(breaches("{securityContext: {sysctls: [{name: net.ipv4.tcp_rmem}, "
                       "{name: net.ipv4.tcp_notsent_lowat}, {name: kernel.msgmax}]}}"),
              ElementsAre("Sysctls /spec/securityContext/sysctls/2/name kernel.msgmax"));
}

TEST(PodSecurity, AppArmorAnnotations) {
  const std::string key = ", annotations: {container.apparmor.security.beta.kubernetes.io/a: ";
  EXPECT_THAT(breaches("{}", key + "runtime/default}"), IsEmpty());
  EXPECT_THAT(breaches("{}", key + "localhost/mine}"), IsEmpty());
  EXPECT_THAT(
      breaches("{}", key + "unconfined}"),
      ElementsAre(
          "AppArmor /metadata/annotations/container.apparmor.security.beta.kubernetes.io~1a "
          "unconfined"));
}

TEST(PodSecurity, ProbesAndHooksThatCallAnotherHost) {
  EXPECT_THAT(hardened("", ", livenessProbe: {httpGet: {port: 80}}"), IsEmpty());
  EXPECT_THAT(hardened("", ", readinessProbe: {tcpSocket: {host: 192.0.2.1, port: 80}}"),
              ElementsAre("Host Probes / Lifecycle Hooks "
                          "/spec/containers/0/readinessProbe/tcpSocket/host 192.0.2.1"));
  EXPECT_THAT(hardened("", ", lifecycle: {preStop: {httpGet: {host: example.org, port: 80}}}"),
              ElementsAre("Host Probes / Lifecycle Hooks "
                          "/spec/containers/0/lifecycle/preStop/httpGet/host example.org"));
}

TEST(PodSecurity, UsersAndUserNamespaces) {
  EXPECT_THAT(
      hardened(", runAsUser: 0"),
      ElementsAre("Running as Non-root user* /spec/containers/0/securityContext/runAsUser 0"));
  EXPECT_THAT(hardened(", runAsNonRoot: false"),
              ElementsAre("Running as Non-root* "
                          "/spec/containers/0/securityContext/runAsNonRoot false"));
  EXPECT_THAT(hardened(", runAsNonRoot: false, runAsUser: 0", "", ", hostUsers: false"), IsEmpty());
  EXPECT_THAT(
      hardened(", procMount: Unmasked"),
      ElementsAre("/proc Mount Type /spec/containers/0/securityContext/procMount Unmasked",
                  "/proc Mount Type* /spec/containers/0/securityContext/procMount Unmasked"));
  EXPECT_THAT(
      hardened(", procMount: Unmasked", "", ", hostUsers: false"),
      ElementsAre("/proc Mount Type* /spec/containers/0/securityContext/procMount Unmasked"));
}

TEST(PodSecurity, WindowsPodsAreExcusedFromWhatTheyCannotSet) {
  EXPECT_THAT(breaches("{os: {name: windows}, securityContext: {runAsNonRoot: true}, containers: "
                       "[{name: a}]}"),
              IsEmpty());
}

TEST(PodSecurity, EveryListOfContainersCounts) {
  EXPECT_THAT(breaches("{initContainers: [{name: a, securityContext: {privileged: true}}], "
                       "ephemeralContainers: [{name: b, securityContext: {privileged: true}}]}")
                  .front(),
              "Privileged Containers /spec/initContainers/0/securityContext/privileged true");
}

// What a template leaves out of its identity must still keep pods apart where it matters.
TEST(PodSecurity, PodsThatDifferInItAreNoReplicas) {
  const auto templates = [](const std::string& first, const std::string& second) {
    const auto pod = [](const std::string& name, const std::string& rest) {
      return "{apiVersion: v1, kind: Pod, metadata: {name: " + name + ", namespace: b" + rest +
             "}}";
    };
    return test::facts_of(pod("a", first) + "\n---\n" + pod("b", second)).templates.size();
  };
  const std::string plain = "}, spec: {containers: [{name: a}]";
  EXPECT_EQ(templates(plain, plain), 1U);
  EXPECT_EQ(templates(plain, "}, spec: {containers: [{name: a, livenessProbe: {exec: {}}}]"), 1U);
  EXPECT_EQ(
      templates(plain, "}, spec: {containers: [{name: a, livenessProbe: {httpGet: {host: x}}}]"),
      2U);
  EXPECT_EQ(templates(plain,
                      "}, spec: {containers: [{name: a}], ephemeralContainers: [{name: b, "
                      "securityContext: {privileged: true}}]"),
            2U);
  EXPECT_EQ(
      templates(
          plain,
          ", annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}" + plain),
      2U);
}

}  // namespace
}  // namespace kai::audit
