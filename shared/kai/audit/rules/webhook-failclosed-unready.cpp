// Admission webhooks that turn requests away because nobody answers them.
#include <kai/audit/facts/facts.hpp>
#include <kai/audit/rule.hpp>

#include <algorithm>

namespace kai::audit {
namespace {

// A Service that was just installed has no pods yet.
constexpr Threshold k_thresholds[] = {
    {"patience", Threshold::Unit::seconds, 2LL * 60, "so long a new Service may be without pods"},
};

bool selects(const Service& service, const Pod& pod) {
  const auto& wanted = service.selector->items();
  return pod.ns == service.head.ns &&
         std::all_of(wanted.begin(), wanted.end(), [&](const Label* label) {
           return pod.labels->get(label->key) == label->value.view();
         });
}

const Service* find_service(const Facts& facts, const Webhook& webhook) {
  const auto& services = facts.security.services;
  const auto found = std::find_if(services.begin(), services.end(), [&](const Service& service) {
    return service.head.ns == std::string_view(webhook.service_ns) &&
           service.head.name == std::string_view(webhook.service);
  });
  return found == services.end() ? nullptr : &*found;
}

// Why nobody answers; empty: somebody does, or that cannot be told.
std::string reason_of(const Facts& facts, const Webhook& webhook) {
  const std::string name = webhook.service_ns + "/" + webhook.service;
  const Service* const service = find_service(facts, webhook);
  if (service == nullptr) {
    // A dump without Services says nothing about them.
    return facts.security.services.empty() ? "" : "Service " + name + " does not exist";
  }
  if (service->selector->empty() ||
      facts.now - service->head.created < facts.thresholds.of(k_thresholds[0]))
    return "";
  std::size_t all = 0;
  for (const Pod& pod : facts.pods) {
    if (!selects(*service, pod)) continue;
    if (pod.ready) return "";
    ++all;
  }
  if (all == 0) return "Service " + name + " selects no pod";
  return "none of the " + std::to_string(all) + " pods of Service " + name + " is ready";
}

void check(const Facts& facts, Findings& findings) {
  for (const Webhook& webhook : facts.security.webhooks) {
    std::string reason = reason_of(facts, webhook);
    if (reason.empty()) continue;
    if (reason.starts_with("none of the 1 pods")) {
      reason = "the pod of Service " + webhook.service_ns + "/" + webhook.service + " is not ready";
    }
    Finding finding;
    finding.object = webhook.head.ref();
    finding.origin = webhook.head.origin;
    finding.path =
        FieldPath() / "webhooks" / std::size_t{webhook.index} / "clientConfig" / "service";
    finding.subject = webhook.name;
    finding.observed = reason;
    finding.expected = "a ready pod behind the Service";
    finding.message = webhook.name + " refuses every request about " +
                      (webhook.resources.empty() ? "its resources" : webhook.resources) + ": " +
                      reason;
    findings.add(std::move(finding));
  }
}

}  // namespace

extern const Rule k_webhook_failclosed_unready;
constinit const Rule k_webhook_failclosed_unready = {
    .id = "webhook-failclosed-unready",
    .severity = Severity::error,
    .category = Category::api,
    .where = Where::cluster,
    .about = About::cluster,
    .title = "A fail-closed webhook has nobody to answer it",
    .why =
        "With failurePolicy: Fail the API server refuses whatever it cannot ask about. A webhook "
        "for pods then keeps every pod from starting, its own too.",
    .fix =
        "Bring the pods of its Service back. If they are gone for good, delete the webhook "
        "configuration; if they cannot start because of it, set failurePolicy: Ignore meanwhile.",
    .reference =
        "https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-"
        "practices/#high-availability",
    .needs = {Kind::service, Kind::pod},
    .reads = {Kind::validating_webhooks, Kind::mutating_webhooks},
    .check = &check,
    .thresholds = k_thresholds,
};

}  // namespace kai::audit
