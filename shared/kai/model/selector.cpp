#include <kai/model/selector.hpp>

#include <kai/model/names.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

namespace kai::model {
namespace {

using Operator = LabelSelector::Operator;
using Requirement = LabelSelector::Requirement;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_symbol(char c) {
  return std::string_view("=!(),<>").find(c) != std::string_view::npos;
}

// An integer as Go's strconv.ParseInt takes it.
std::optional<std::int64_t> integer(std::string_view text) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string> value_of(const Labels& labels, const std::string& key) {
  const auto found = labels.find(key);
  return found == labels.end() ? std::nullopt : std::optional(found->second);
}

bool holds(const Requirement& requirement, const Labels& labels) {
  const auto value = value_of(labels, requirement.key);
  const auto listed = [&] {
    return std::find(requirement.values.begin(), requirement.values.end(), *value) !=
           requirement.values.end();
  };
  switch (requirement.op) {
    case Operator::in:
    case Operator::equals: return value && listed();
    case Operator::not_in:
    case Operator::not_equals: return !value || !listed();
    case Operator::exists: return value.has_value();
    case Operator::does_not_exist: return !value;
    case Operator::greater:
    case Operator::less: break;
  }
  if (!value || requirement.values.size() != 1) return false;
  const auto left = integer(*value);
  const auto right = integer(requirement.values.front());
  if (!left || !right) return false;
  return requirement.op == Operator::greater ? *left > *right : *left < *right;
}

// What Kubernetes asks of every requirement, however it was written.
Result<> check(const Requirement& requirement) {
  KAI_TRY(check_label_key(requirement.key));
  switch (requirement.op) {
    case Operator::in:
    case Operator::not_in:
      if (requirement.values.empty()) {
        return fail(ErrorCode::invalid_input,
                    "the values for \"" + requirement.key + "\" must not be empty");
      }
      break;
    case Operator::exists:
    case Operator::does_not_exist:
      if (!requirement.values.empty()) {
        return fail(ErrorCode::invalid_input, "the values for \"" + requirement.key +
                                                  "\" must be empty where it only has to exist");
      }
      break;
    case Operator::greater:
    case Operator::less:
      if (!integer(requirement.values.front())) {
        return fail(ErrorCode::invalid_input, "\"" + requirement.key + "\" is compared with \"" +
                                                  requirement.values.front() +
                                                  "\", which is no integer");
      }
      break;
    case Operator::equals:
    case Operator::not_equals: break;
  }
  for (const std::string& value : requirement.values) KAI_TRY(check_label_value(value));
  return {};
}

void sort_by_key(std::vector<Requirement>& requirements) {
  std::stable_sort(requirements.begin(), requirements.end(),
                   [](const Requirement& a, const Requirement& b) { return a.key < b.key; });
}

struct Token {
  enum class Kind { end, word, symbol } kind = Kind::end;
  std::string_view text;
  std::size_t column = 0;
};

// Words and the operators = == != < > ! ( ) and the comma.
std::vector<Token> tokenize(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (true) {
    while (at < text.size() && is_space(text[at])) ++at;
    const std::size_t start = at;
    if (at == text.size()) {
      tokens.push_back({Token::Kind::end, "", start + 1});
      return tokens;
    }
    if (is_symbol(text[at])) {
      const bool two = text.substr(at, 2) == "==" || text.substr(at, 2) == "!=";
      at += two ? 2 : 1;
      tokens.push_back({Token::Kind::symbol, text.substr(start, at - start), start + 1});
      continue;
    }
    while (at < text.size() && !is_space(text[at]) && !is_symbol(text[at])) ++at;
    tokens.push_back({Token::Kind::word, text.substr(start, at - start), start + 1});
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : m_text(text), m_tokens(tokenize(text)) {}

  Result<std::vector<Requirement>> parse() {
    std::vector<Requirement> requirements;
    if (at_end()) return requirements;
    while (true) {
      KAI_TRY_ASSIGN(Requirement requirement, parse_requirement());
      requirements.push_back(std::move(requirement));
      if (at_end()) return requirements;
      if (!take(",")) return unexpected("',' or the end");
    }
  }

 private:
  [[nodiscard]] const Token& token() const { return m_tokens[m_next]; }
  [[nodiscard]] bool at_end() const { return token().kind == Token::Kind::end; }
  [[nodiscard]] bool is(std::string_view symbol) const {
    return token().kind == Token::Kind::symbol && token().text == symbol;
  }
  bool take(std::string_view symbol) {
    if (!is(symbol)) return false;
    ++m_next;
    return true;
  }
  // A word in a place where "in" and "notin" are words like others.
  std::optional<std::string> take_word() {
    if (token().kind != Token::Kind::word) return std::nullopt;
    return std::string(m_tokens[m_next++].text);
  }

  [[nodiscard]] Error error_at(std::size_t column, const std::string& why) const {
    return Error(ErrorCode::invalid_input, "invalid label selector \"" + std::string(m_text) +
                                               "\", column " + std::to_string(column) + ": " + why);
  }
  [[nodiscard]] tl::unexpected<Error> unexpected(const std::string& wanted) const {
    const std::string found =
        at_end() ? std::string("the end") : "'" + std::string(token().text) + "'";
    return fail(error_at(token().column, "expected " + wanted + ", found " + found));
  }

  Result<Requirement> parse_requirement() {
    const std::size_t column = token().column;
    Requirement requirement;
    const bool negated = take("!");
    auto key = take_word();
    if (!key) return unexpected(negated ? "a label key" : "a label key or '!'");
    requirement.key = *std::move(key);
    if (negated || at_end() || is(",")) {
      requirement.op = negated ? Operator::does_not_exist : Operator::exists;
    } else {
      KAI_TRY_ASSIGN(requirement.op, parse_operator());
      const bool listed = requirement.op == Operator::in || requirement.op == Operator::not_in;
      KAI_TRY_ASSIGN(requirement.values, listed ? parse_values() : parse_value());
    }
    if (const auto checked = check(requirement); !checked) {
      return fail(error_at(column, checked.error().message));
    }
    return requirement;
  }

  Result<Operator> parse_operator() {
    if (take("=") || take("==")) return Operator::equals;
    if (take("!=")) return Operator::not_equals;
    if (take(">")) return Operator::greater;
    if (take("<")) return Operator::less;
    const bool word = token().kind == Token::Kind::word;
    if (word && token().text == "in") {
      ++m_next;
      return Operator::in;
    }
    if (word && token().text == "notin") {
      ++m_next;
      return Operator::not_in;
    }
    return unexpected("one of = == != < > in notin");
  }

  Result<std::vector<std::string>> parse_value() {
    if (at_end() || is(",")) return std::vector<std::string>{""};
    auto value = take_word();
    if (!value) return unexpected("a label value");
    return std::vector<std::string>{*std::move(value)};
  }

  // "(a,,b)": sorted, each once; between commas stands the empty value.
  Result<std::vector<std::string>> parse_values() {
    if (!take("(")) return unexpected("'('");
    std::set<std::string> values;
    while (true) {
      values.insert(take_word().value_or(""));
      if (take(")")) return std::vector<std::string>(values.begin(), values.end());
      if (!take(",")) return unexpected("',' or ')'");
    }
  }

  std::string_view m_text;
  std::vector<Token> m_tokens;
  std::size_t m_next = 0;
};

std::optional<Operator> expression_operator(std::string_view name) {
  if (name == "In") return Operator::in;
  if (name == "NotIn") return Operator::not_in;
  if (name == "Exists") return Operator::exists;
  if (name == "DoesNotExist") return Operator::does_not_exist;
  return std::nullopt;
}

tl::unexpected<Error> malformed(const std::string& what) {
  return fail(ErrorCode::invalid_input, "invalid label selector: " + what);
}

Result<Requirement> parse_expression(const Json& expression) {
  Requirement requirement;
  requirement.key = string_at(expression, {"key"});
  const std::string_view name = string_at(expression, {"operator"});
  const auto op = expression_operator(name);
  if (!op) return malformed("\"" + std::string(name) + "\" is no operator of matchExpressions");
  requirement.op = *op;
  const Json* const values = find_path(expression, {"values"});
  if (values != nullptr && !values->is_null()) {
    if (!values->is_array()) return malformed("values must be a list");
    for (const Json& value : *values) {
      if (!value.is_string()) return malformed("values must be strings");
      requirement.values.push_back(value.get<std::string>());
    }
  }
  return requirement;
}

std::string text_of(const Requirement& requirement) {
  const auto joined = [&] {
    std::vector<std::string> values = requirement.values;
    std::sort(values.begin(), values.end());
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ",") + values[i];
    return text;
  };
  switch (requirement.op) {
    case Operator::in: return requirement.key + " in (" + joined() + ")";
    case Operator::not_in: return requirement.key + " notin (" + joined() + ")";
    case Operator::exists: return requirement.key;
    case Operator::does_not_exist: return "!" + requirement.key;
    case Operator::equals: return requirement.key + "=" + joined();
    case Operator::not_equals: return requirement.key + "!=" + joined();
    case Operator::greater: return requirement.key + ">" + joined();
    case Operator::less: return requirement.key + "<" + joined();
  }
  return {};
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  KAI_TRY_ASSIGN(selector.m_requirements, Parser(text).parse());
  sort_by_key(selector.m_requirements);
  return selector;
}

Result<LabelSelector> LabelSelector::from_json(const Json& json) {
  LabelSelector selector;
  if (json.is_null()) {
    selector.m_nothing = true;
    return selector;
  }
  if (!json.is_object()) return malformed("it must be an object");
  std::vector<Requirement>& requirements = selector.m_requirements;
  if (const Json* const labels = find_path(json, {"matchLabels"}); labels && !labels->is_null()) {
    if (!labels->is_object()) return malformed("matchLabels must be an object");
    for (const auto& [key, value] : labels->items()) {
      if (!value.is_string()) return malformed("the value of matchLabels." + key + " is no string");
      requirements.push_back({key, Operator::equals, {value.get<std::string>()}});
    }
  }
  const Json* const expressions = find_path(json, {"matchExpressions"});
  if (expressions != nullptr && !expressions->is_null()) {
    if (!expressions->is_array()) return malformed("matchExpressions must be a list");
    for (const Json& expression : *expressions) {
      KAI_TRY_ASSIGN(Requirement requirement, parse_expression(expression));
      requirements.push_back(std::move(requirement));
    }
  }
  for (const Requirement& requirement : requirements) {
    if (const auto checked = check(requirement); !checked)
      return malformed(checked.error().message);
  }
  sort_by_key(requirements);
  return selector;
}

bool LabelSelector::matches(const Labels& labels) const {
  if (m_nothing) return false;
  return std::all_of(m_requirements.begin(), m_requirements.end(),
                     [&](const Requirement& requirement) { return holds(requirement, labels); });
}

std::string LabelSelector::to_string() const {
  std::string text;
  for (const Requirement& requirement : m_requirements) {
    if (!text.empty()) text += ',';
    text += text_of(requirement);
  }
  return text;
}

}  // namespace kai::model
