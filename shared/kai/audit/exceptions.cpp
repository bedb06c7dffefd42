#include <kai/audit/exceptions.hpp>

#include <kai/audit/rules.hpp>
#include <kai/model/field_checker.hpp>
#include <kai/model/names.hpp>
#include <kai/model/yaml.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

namespace kai::audit {
namespace {

using model::Json;
using State = ExceptionNote::State;

constexpr std::string_view k_date = "2027-03-31";  // how one looks

constexpr model::Field k_scope[] = {
    {"namespace"},
    {"kind"},
    {"name"},
    {"fingerprint"},
};
constexpr model::Field k_exception[] = {
    {"rule"},
    {"scope", model::FieldType::fields, k_scope},
    {"reason"},
    {"until"},
};
constexpr model::Field k_file[] = {
    {"apiVersion"},
    {"kind"},
    {"exceptions", model::FieldType::list, k_exception},
};

bool matches(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;  // the last one that was passed
  std::size_t begin = 0;                      // where the text of that star ends
  std::size_t p = 0;
  while (at < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      begin = at;
    } else if (p < pattern.size() && pattern[p] == text[at]) {
      ++p;
      ++at;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      at = ++begin;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// The first second after a day, if that is what the text is.
std::optional<Seconds> end_of(std::string_view date) {
  if (date.size() != k_date.size() || date[4] != '-' || date[7] != '-') return std::nullopt;
  const auto number = [&](std::size_t from, std::size_t size) {
    int value = -1;
    const char* const end = date.data() + from + size;
    const auto read = std::from_chars(date.data() + from, end, value);
    return read.ptr == end ? value : -1;
  };
  const int month = number(5, 2);
  const int day = number(8, 2);
  const int year = number(0, 4);
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day whole(std::chrono::year(year),
                                          std::chrono::month(static_cast<unsigned>(month)),
                                          std::chrono::day(static_cast<unsigned>(day)));
  if (!whole.ok()) return std::nullopt;
  const std::chrono::sys_days next = std::chrono::sys_days(whole) + std::chrono::days(1);
  return std::chrono::duration_cast<std::chrono::seconds>(next.time_since_epoch()).count();
}

std::string no_such_date(std::string_view text) {
  return "until must be a day such as " + std::string(k_date) + ", not \"" + std::string(text) +
         "\"";
}

std::string text_of(const Json& object, std::initializer_list<std::string_view> path) {
  return std::string(model::string_at(object, path));
}

// One entry of the file, whose keys and types are right.
Exception read_entry(const Json& entry, const std::string& at, model::FieldChecker& checker) {
  Exception exception;
  for (const char* const key : {"rule", "scope", "reason", "until"}) {
    const Json* const value = model::find_path(entry, {key});
    const bool empty =
        value == nullptr || (value->is_string() && value->get_ref<const std::string&>().empty());
    if (empty) checker.problem(at, "the exception has no " + std::string(key));
  }
  exception.rule = text_of(entry, {"rule"});
  if (!exception.rule.empty() && find_rule(exception.rule) == nullptr) {
    checker.problem(at + "/rule", no_such_rule(exception.rule));
  }
  exception.scope = {text_of(entry, {"scope", "namespace"}), text_of(entry, {"scope", "kind"}),
                     text_of(entry, {"scope", "name"}), text_of(entry, {"scope", "fingerprint"})};
  const ExceptionScope& scope = exception.scope;
  if (model::find_path(entry, {"scope"}) != nullptr && scope.ns.empty() && scope.kind.empty() &&
      scope.name.empty() && scope.fingerprint.empty()) {
    checker.problem(at + "/scope",
                    "scope must name a namespace, kind, name or fingerprint; --skip leaves a rule "
                    "out everywhere");
  }
  exception.with_namespace = scope.kind.empty() && scope.name.empty();
  exception.reason = text_of(entry, {"reason"});
  exception.until = text_of(entry, {"until"});
  if (!exception.until.empty()) {
    const auto end = end_of(exception.until);
    if (!end) checker.problem(at + "/until", no_such_date(exception.until));
    exception.end = end.value_or(0);
  }
  return exception;
}

std::string place_of(const ExceptionMark& mark) {
  return (mark.on == ExceptionMark::On::label ? "label of " : "annotation of ") +
         mark.object.to_string();
}

ExceptionScope scope_of(const ExceptionMark& mark) {
  if (mark.for_namespace()) return {mark.object.name, "", "", ""};
  return {mark.object.ns, mark.object.kind, mark.object.name, ""};
}

// What a mark says, or what is wrong with it: "2027-03-31 NCCL over sockets only", and
// "2027-03-31_NCCL-over-sockets-only" where only a label's characters may stand.
Result<Exception> read_mark(const ExceptionMark& mark) {
  constexpr std::string_view k_between = " \t\n_:,.-";
  if (find_rule(mark.rule) == nullptr) {
    return fail(ErrorCode::invalid_input, no_such_rule(mark.rule));
  }
  Exception exception;
  exception.rule = mark.rule;
  exception.scope = scope_of(mark);
  exception.with_namespace = mark.for_namespace();
  exception.given = place_of(mark);
  exception.by = ExceptionBy::mark;
  const auto end = end_of(std::string_view(mark.text).substr(0, k_date.size()));
  const std::string form =
      std::string(k_date) +
      (mark.on == ExceptionMark::On::label ? "_why-it-is-so" : " why it is so");
  if (!end) {
    return fail(ErrorCode::invalid_input,
                "\"" + mark.text + "\" does not begin with the last day, as in \"" + form + "\"");
  }
  exception.end = *end;
  exception.until = mark.text.substr(0, k_date.size());
  const std::size_t reason = mark.text.find_first_not_of(k_between, k_date.size());
  if (reason == std::string::npos || reason == k_date.size()) {
    return fail(ErrorCode::invalid_input,
                "\"" + mark.text + "\" gives no reason behind the day, as in \"" + form + "\"");
  }
  exception.reason = mark.text.substr(reason);
  if (mark.on == ExceptionMark::On::label) {
    std::replace(exception.reason.begin(), exception.reason.end(), '_', ' ');
  }
  return exception;
}

// Applies exceptions to one report.
class Setter {
 public:
  Setter(Report& report, Seconds now) : m_report(report), m_now(now) {}

  void add(const Exception& exception) { m_rules[exception.rule].push_back({&exception, 0}); }

  void set_aside() {
    if (m_rules.empty()) return;
    m_report.findings.retain([this](const Finding& finding) {
      const Exception* const exception = find(finding);
      if (exception == nullptr) return true;
      m_report.summary.count(finding.rule->severity, -1);
      m_report.excepted.push_back(
          {finding, exception->reason, exception->until, exception->given, exception->by});
      return false;
    });
  }

  void note(const Exception& exception, const std::string& only_ns) {
    const Use& use = *std::find_if(m_rules[exception.rule].begin(), m_rules[exception.rule].end(),
                                   [&](const Use& each) { return each.exception == &exception; });
    const bool over = expired(exception);
    std::string message;
    if (over) {
      message = "ended on " + exception.until;
      if (use.found > 0) {
        message += ", and " + std::to_string(use.found) +
                   (use.found == 1 ? " finding counts again" : " findings count again");
      }
    } else {
      const std::string& ns = exception.scope.ns;
      const bool elsewhere = !only_ns.empty() && !matches(ns.empty() ? "*" : ns, only_ns);
      if (use.found > 0 || elsewhere || !m_report.judged(exception.rule)) return;
      message = "covers nothing that is found";
    }
    m_report.exception_notes.push_back({over ? State::expired : State::unused, exception.rule,
                                        exception.scope.to_string(), exception.given,
                                        std::move(message)});
  }

 private:
  struct Use {
    const Exception* exception;
    int found;
  };

  [[nodiscard]] bool expired(const Exception& exception) const { return m_now >= exception.end; }

  // The first that holds. All others that cover the finding have a use as well.
  const Exception* find(const Finding& finding) {
    const auto uses = m_rules.find(finding.rule->id);
    if (uses == m_rules.end()) return nullptr;
    const Exception* holds = nullptr;
    for (Use& use : uses->second) {
      if (!use.exception->covers(finding)) continue;
      if (!expired(*use.exception) && holds == nullptr) holds = use.exception;
      m_covering.push_back(&use);
    }
    for (Use* const use : m_covering) {
      // An expired one that another one replaces brings nothing back.
      if (!expired(*use->exception) || holds == nullptr) ++use->found;
    }
    m_covering.clear();
    return holds;
  }

  Report& m_report;
  Seconds m_now;
  std::map<std::string, std::vector<Use>, std::less<>> m_rules;
  std::vector<Use*> m_covering;
};

}  // namespace

std::string_view to_string(ExceptionNote::State state) {
  switch (state) {
    case State::expired: return "expired";
    case State::unused: return "unused";
    case State::invalid: return "invalid";
  }
  return "";
}

bool ExceptionScope::covers(const Finding& finding) const {
  const model::ObjectRef& object = finding.object;
  return (ns.empty() || matches(ns, object.ns)) && (kind.empty() || matches(kind, object.kind)) &&
         (name.empty() || matches(name, object.name)) &&
         (fingerprint.empty() || matches(fingerprint, finding.fingerprint));
}

std::string ExceptionScope::to_string() const {
  std::string text;
  if (kind.empty() && name.empty()) {
    if (!ns.empty()) text = "namespace " + ns;
  } else {
    text = (kind.empty() ? "any kind" : kind) + " " + (ns.empty() ? "" : ns + "/") +
           (name.empty() ? "*" : name);
  }
  if (!fingerprint.empty()) text += (text.empty() ? "" : ", ") + ("finding " + fingerprint);
  return text;
}

bool Exception::covers(const Finding& finding) const {
  if (scope.covers(finding)) return true;
  if (!with_namespace || finding.object.kind != "Namespace" || scope.ns.empty()) return false;
  ExceptionScope own = scope;
  own.ns.clear();
  own.kind = "Namespace";
  own.name = scope.ns;
  return own.covers(finding);
}

Result<std::vector<Exception>> parse_exceptions(std::string_view text, std::string_view file) {
  model::YamlOptions options;
  options.file = file;
  options.positions = model::Positions::record;
  KAI_TRY_ASSIGN(const model::YamlDocument document, model::parse_yaml(text, options));

  model::FieldChecker checker(document.positions, file, "a file of exceptions");
  checker.check_fields(document.value, k_file);
  checker.check_type(document.value, "kubectl-ai/v1alpha1", k_exceptions_kind);
  KAI_TRY(checker.result());
  std::vector<Exception> exceptions;
  const Json* const list = model::find_path(document.value, {"exceptions"});
  if (list != nullptr) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      const std::string at = "/exceptions/" + std::to_string(i);
      exceptions.push_back(read_entry(list->at(i), at, checker));
      const auto place = document.positions.find(at);
      Location where = place == document.positions.end() ? Location() : place->second;
      where.file = file;
      exceptions.back().given = where.to_string();
    }
  }
  KAI_TRY(checker.result());
  return exceptions;
}

void apply_exceptions(Report& report, const std::vector<Exception>& from_file, const Facts& facts,
                      Seconds now) {
  std::vector<Exception> exceptions = from_file;
  std::vector<ExceptionNote> invalid;
  for (const ExceptionMark& mark : facts.exception_marks) {
    auto exception = read_mark(mark);
    if (exception) {
      exceptions.push_back(*std::move(exception));
    } else {
      invalid.push_back({State::invalid, mark.rule, scope_of(mark).to_string(), place_of(mark),
                         exception.error().message});
    }
  }
  Setter setter(report, now);
  for (const Exception& exception : exceptions) setter.add(exception);
  setter.set_aside();
  for (const Exception& exception : exceptions) setter.note(exception, facts.only_ns);
  report.exception_notes.insert(report.exception_notes.end(), invalid.begin(), invalid.end());
}

}  // namespace kai::audit
