#include <kai/audit/facts/metrics.hpp>

#include <kai/audit/facts/reader.hpp>

#include <algorithm>
#include <array>

namespace kai::audit {
namespace {

using model::Json;

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}
bool in_name(char c) {
  return starts_name(c) || (c >= '0' && c <= '9');
}

// Words that stand before a list of labels in parentheses.
bool takes_labels(std::string_view word) {
  static constexpr std::array<std::string_view, 6> k_words = {
      "by", "without", "on", "ignoring", "group_left", "group_right"};
  return std::find(k_words.begin(), k_words.end(), word) != k_words.end();
}

// Aggregations, whose labels may stand before their parentheses: "sum by (x) (y)".
bool aggregates(std::string_view word) {
  static constexpr std::array<std::string_view, 14> k_words = {
      "sum",    "avg",  "min",     "max",      "count", "count_values", "stddev",
      "stdvar", "topk", "bottomk", "quantile", "group", "limitk",       "limit_ratio"};
  return std::find(k_words.begin(), k_words.end(), word) != k_words.end();
}

bool is_keyword(std::string_view word) {
  static constexpr std::array<std::string_view, 12> k_words = {
      "and", "or", "unless", "offset", "bool", "inf", "nan", "Inf", "NaN", "start", "end", "atan2"};
  return takes_labels(word) || aggregates(word) ||
         std::find(k_words.begin(), k_words.end(), word) != k_words.end();
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : m_text(text) {}

  std::vector<std::string> names() {
    while (m_at < m_text.size()) {
      const char c = m_text[m_at];
      if (c == '"' || c == '\'' || c == '`') {
        skip_string(c);
      } else if (c == '{') {
        skip_to('}');
      } else if (c == '[') {
        skip_to(']');
      } else if (c == '#') {
        m_at = std::min(m_text.find('\n', m_at), m_text.size());
      } else if (starts_name(c)) {
        word();
      } else if (c >= '0' && c <= '9') {
        while (m_at < m_text.size() && (in_name(m_text[m_at]) || m_text[m_at] == '.')) ++m_at;
      } else {
        ++m_at;
      }
    }
    return std::move(m_names);
  }

 private:
  void word() {
    const std::size_t begin = m_at;
    while (m_at < m_text.size() && in_name(m_text[m_at])) ++m_at;
    const std::string_view name = m_text.substr(begin, m_at - begin);
    std::size_t next = m_at;
    while (next < m_text.size() && (m_text[next] == ' ' || m_text[next] == '\n')) ++next;
    const bool open = next < m_text.size() && m_text[next] == '(';
    if (takes_labels(name)) {
      if (open) skip_to(')');
      return;
    }
    if (open || is_keyword(name)) return;  // a function or an aggregation
    if (std::find(m_names.begin(), m_names.end(), name) == m_names.end()) {
      m_names.emplace_back(name);
    }
  }

  void skip_string(char quote) {
    for (++m_at; m_at < m_text.size() && m_text[m_at] != quote; ++m_at) {
      if (m_text[m_at] == '\\' && quote != '`') ++m_at;
    }
    m_at = std::min(m_at + 1, m_text.size());
  }

  // Past `close`, minding strings.
  void skip_to(char close) {
    while (m_at < m_text.size() && m_text[m_at] != close) {
      const char c = m_text[m_at];
      if (c == '"' || c == '\'' || c == '`') {
        skip_string(c);
      } else {
        ++m_at;
      }
    }
    m_at = std::min(m_at + 1, m_text.size());
  }

  std::string_view m_text;
  std::size_t m_at = 0;
  std::vector<std::string> m_names;
};

// Whether a metric can be a GPU exporter's at all; the others are not kept.
bool of_interest(std::string_view name) {
  for (const std::string_view part : {"gpu", "GPU", "dcgm", "DCGM", "nvidia"}) {
    if (name.find(part) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> metric_names(std::string_view expression) {
  return Scanner(expression).names();
}

MetricRules read_metric_rules(const Json& object, const Head& head) {
  MetricRules result;
  result.head = head;
  std::size_t group_index = 0;
  for (const Json& group : array_at(object, {"spec", "groups"})) {
    std::size_t rule_index = 0;
    for (const Json& rule : array_at(group, {"rules"})) {
      const FieldPath path = FieldPath() / "spec" / "groups" / group_index / "rules" / rule_index++;
      const std::string_view record = model::string_at(rule, {"record"});
      const std::string_view name = record.empty() ? model::string_at(rule, {"alert"}) : record;
      if (!record.empty()) result.recorded.emplace_back(record);
      for (std::string& metric : metric_names(model::string_at(rule, {"expr"}))) {
        if (!of_interest(metric)) continue;
        result.uses.push_back({std::move(metric), std::string(name), path / "expr"});
      }
    }
    ++group_index;
  }
  return result;
}

}  // namespace kai::audit
