// kubectl ai policy status
#include "commands.hpp"
#include "status.hpp"

#include <kai/cli/write_plan.hpp>
#include <kai/output/document.hpp>

#include <memory>
#include <ostream>
#include <utility>

namespace kai::policy {

namespace {

using cli::ExitCode;
using cli::Output;

Result<ExitCode> run_status(cli::Session& session, Output output) {
  KAI_TRY_ASSIGN(kube::Client* const client, session.client());
  cli::say_busy(session, "reading namespaces, policies and roles");
  // Without -n it is about every namespace: that is what there is to be looked at.
  const std::string& ns = session.flags().connection.ns;
  KAI_TRY_ASSIGN(const ClusterState state, read_for_status(*client, ns));
  if (!ns.empty() && state.namespaces.empty()) {
    return fail(ErrorCode::not_found, "there is no namespace " + ns);
  }
  PolicyStatus status = status_of(state);
  std::vector<Holder> holders;
  for (const NamespaceStatus& entry : status.namespaces) {
    holders.insert(holders.end(), entry.holders.begin(), entry.holders.end());
  }
  cli::say_busy(session, "asking what holders of roles may do");
  KAI_TRY_ASSIGN(status.proofs, prove(*client, std::move(holders)));
  Context& context = session.context();
  if (output == Output::json || output == Output::yaml) {
    context.out << output::render_document(
        output == Output::json ? output::DocumentFormat::json : output::DocumentFormat::yaml,
        "PolicyStatus", status_json(status));
  } else {
    context.out << status_text(status,
                               output == Output::wide ? StatusDetail::wide : StatusDetail::normal,
                               session.palette(), context.out_terminal.width);
  }
  context.out << std::flush;
  if (!status.is_as_it_should()) return ExitCode::findings;
  return status.is_proved() ? ExitCode::ok : ExitCode::incomplete;
}

}  // namespace

void add_status(cli::Commands& commands) {
  const auto output = std::make_shared<Output>(Output::table);
  CLI::App& status = commands.add(
      "status", "Show what namespaces have, and prove what holders of the roles may do",
      [output](cli::Session& session) { return run_status(session, *output); });
  cli::add_output_flag(status, *output, {Output::table, Output::wide, Output::json, Output::yaml});
  commands.describe(
      status,
      "Of the namespace that -n names, or of all of them. For everybody who has ai-researcher or "
      "ai-operator by this tool the API server is asked (SubjectAccessReview) whether they may do "
      "what the role is for, and nothing that leads out of the namespace. What a user has through "
      "groups is seen where the group is named. Exit code 0: as it should be; 1: it is not; 4: "
      "not all of it could be asked.",
      {{"One namespace", "kubectl ai policy status -n team"},
       {"Who may do too much, for a script",
        "kubectl ai policy status -o json | jq '.access[] | select(.wrong != [])'"}});
}

}  // namespace kai::policy
