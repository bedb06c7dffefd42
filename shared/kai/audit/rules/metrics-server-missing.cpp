// Autoscalers without anything to scale by.
#include <kai/audit/facts/gpu.hpp>
#include <kai/audit/facts/operations.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

void check(const Facts& facts, Findings& findings) {
  const Operations& operations = *facts.operations;
  // Every API server has some; a dump without any was made without them.
  if (operations.api_services.empty()) return;
  std::vector<std::string> scalers;
  for (const Autoscaler& scaler : facts.governance.autoscalers) {
    if (!scaler.on_resources || scaler.head.deleting) continue;
    scalers.push_back(scaler.head.ns.str() + "/" + scaler.head.name.str());
  }
  if (scalers.empty()) return;
  const auto found = std::find_if(operations.api_services.begin(), operations.api_services.end(),
                                  [](const ApiService& service) {
                                    return service.head.name.view().ends_with(".metrics.k8s.io");
                                  });
  const bool missing = found == operations.api_services.end();
  if (!missing && found->available != std::string_view("False")) return;
  Finding finding;
  finding.object = missing ? model::ObjectRef{"apiregistration.k8s.io/v1", "APIService", "",
                                              "v1beta1.metrics.k8s.io"}
                           : found->head.ref();
  if (!missing) finding.origin = found->head.origin;
  finding.subject = "available";
  finding.observed = missing ? "no metrics.k8s.io API" : "not available";
  finding.expected = "available";
  finding.message = missing ? "does not exist" : "is not available";
  if (!missing && !found->reason.empty()) finding.message += " (" + found->reason.str() + ")";
  const auto count = static_cast<std::int64_t>(scalers.size());
  finding.message += ", and " + count_of(count, "HorizontalPodAutoscaler") +
                     (count == 1 ? " scales" : " scale") +
                     " by CPU or memory: " + list_names(scalers);
  if (!missing && !found->message.empty()) finding.details.push_back(found->message.str());
  if (!missing) {
    finding.fix =
        "kubectl get apiservice " + found->head.name.str() +
        " -o yaml names the Service behind it; look at its pods and at the network between the "
        "API server and them";
  }
  findings.add(std::move(finding));
}

}  // namespace

extern const Rule k_metrics_server_missing;
constinit const Rule k_metrics_server_missing = {
    .id = "metrics-server-missing",
    .severity = Severity::warning,
    .category = Category::monitoring,
    .where = Where::cluster,
    .about = About::namespaced,
    .title = "Autoscalers have no metrics to scale by",
    .why =
        "Without metrics.k8s.io a HorizontalPodAutoscaler keeps the replicas that it has, "
        "whatever the load is; kubectl top fails, too.",
    .fix =
        "Install metrics-server: kubectl apply -f https://github.com/kubernetes-sigs/"
        "metrics-server/releases/latest/download/components.yaml",
    .reference =
        "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/"
        "#support-for-metrics-apis",
    .needs = {Kind::horizontal_pod_autoscaler, Kind::api_service},
    .reads = {},
    .check = &check,
};

}  // namespace kai::audit
