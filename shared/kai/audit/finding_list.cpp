#include <kai/audit/finding_list.hpp>

#include <kai/audit/rule.hpp>
#include <kai/model/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace kai::audit {
namespace {

constexpr std::size_t k_fingerprint = 16;  // digits

std::uint64_t number_of(std::string_view fingerprint) {
  std::uint64_t number = 0;
  std::from_chars(fingerprint.data(), fingerprint.data() + fingerprint.size(), number, 16);
  return number;
}

std::string digits_of(std::uint64_t number) {
  if (number == 0) return {};
  std::array<char, k_fingerprint> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  const auto count = static_cast<std::size_t>(end - digits.data());
  return std::string(k_fingerprint - count, '0') + std::string(digits.data(), count);
}

}  // namespace

struct FindingList::Store {
  struct Hash {
    std::size_t operator()(const Said& one) const {
      const std::hash<const void*> hash;
      std::size_t seed = hash(one.rule);
      // Texts are interned: those of equal characters stand at one address.
      for (const Text text : {one.api_version, one.kind, one.path, one.observed, one.expected,
                              one.message, one.details, one.fix, one.patch, one.subject}) {
        seed = (seed ^ hash(text.view().data())) * 0x9E3779B97F4A7C15ULL + (seed >> 29U);
      }
      return seed;
    }
  };

  struct Place {
    Text file;
    int line = 0;
    int column = 0;
  };

  TextStore texts;
  std::unordered_set<Said, Hash> said;  // its elements stay where they are
  std::deque<Place> places;
};

FindingList::FindingList() : m_store(std::make_shared<Store>()) {}

void FindingList::push_back(const Finding& finding) {
  TextStore& texts = m_store->texts;
  Said said;
  said.rule = finding.rule;
  said.api_version = texts.intern(finding.object.api_version);
  said.kind = texts.intern(finding.object.kind);
  said.path = texts.intern(finding.path.pointer());
  said.observed = texts.intern(finding.observed);
  said.expected = texts.intern(finding.expected);
  said.message = texts.intern(finding.message);
  if (!finding.details.empty()) said.details = texts.intern(model::to_json(finding.details));
  said.fix = texts.intern(finding.fix);
  if (finding.patch) {
    said.patch = texts.intern(model::to_json(finding.patch->body));
    said.patch_type = finding.patch->type;
  }
  said.subject = texts.intern(finding.subject);

  Entry entry;
  entry.said = &*m_store->said.insert(said).first;
  entry.ns = texts.intern(finding.object.ns);
  entry.name = texts.keep(finding.object.name);
  entry.fingerprint = number_of(finding.fingerprint);
  entry.origin = finding.origin;
  m_entries.push_back(entry);
  if (finding.location) set_location(m_entries.size() - 1, *finding.location);
}

Finding FindingList::operator[](std::size_t at) const {
  const Entry& entry = m_entries[at];
  const Said& said = *entry.said;
  Finding finding;
  finding.object = {said.api_version.str(), said.kind.str(), entry.ns.str(), entry.name.str()};
  finding.origin = entry.origin;
  finding.path = FieldPath::from_pointer(said.path);
  finding.observed = said.observed.str();
  finding.expected = said.expected.str();
  finding.message = said.message.str();
  if (!said.details.empty()) {
    finding.details = model::parse_json(said.details)->get<std::vector<std::string>>();
  }
  finding.fix = said.fix.str();
  if (!said.patch.empty()) {
    finding.patch = Patch{said.patch_type, *model::parse_json(said.patch)};
  }
  finding.subject = said.subject.str();
  finding.rule = said.rule;
  if (entry.place > 0) {
    const Store::Place& place = m_store->places[entry.place - 1];
    finding.location = Location{place.file.str(), place.line, place.column};
  }
  finding.fingerprint = digits_of(entry.fingerprint);
  return finding;
}

void FindingList::set_location(std::size_t at, const Location& location) {
  auto& places = m_store->places;
  places.push_back({m_store->texts.intern(location.file), location.line, location.column});
  m_entries[at].place = static_cast<std::uint32_t>(places.size());
}

bool FindingList::less(const Entry& a, const Entry& b) {
  const auto order = [](const Entry& entry) {
    const Said& said = *entry.said;
    return std::tuple(said.rule->severity, said.rule->id, entry.ns.view(), said.kind.view(),
                      entry.name.view(), said.path.view(), said.message.view(),
                      entry.origin.document, entry.origin.item);
  };
  return order(a) < order(b);
}

void FindingList::sort() {
  std::stable_sort(m_entries.begin(), m_entries.end(), &less);
}

void FindingList::retain(const std::function<bool(const Finding& finding)>& stays) {
  std::size_t kept = 0;
  for (std::size_t at = 0; at < m_entries.size(); ++at) {
    if (stays((*this)[at])) m_entries[kept++] = m_entries[at];
  }
  m_entries.resize(kept);
}

std::size_t FindingList::count_objects() const {
  const auto object_of = [](const Entry* entry) {
    return std::tuple(entry->name.view(), entry->ns.view(), entry->said->kind.view(),
                      entry->said->api_version.view());
  };
  std::vector<const Entry*> entries;
  entries.reserve(m_entries.size());
  for (const Entry& entry : m_entries) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(),
            [&](const Entry* a, const Entry* b) { return object_of(a) < object_of(b); });
  const auto end = std::unique(entries.begin(), entries.end(), [&](const Entry* a, const Entry* b) {
    return object_of(a) == object_of(b);
  });
  return static_cast<std::size_t>(end - entries.begin());
}

std::vector<FindingSpan> FindingList::by_rule() const {
  std::vector<FindingSpan> runs;
  for (std::size_t first = 0; first < size();) {
    std::size_t end = first + 1;
    while (end < size() && rule_at(end) == rule_at(first)) ++end;
    runs.emplace_back(*this, first, end - first);
    first = end;
  }
  return runs;
}

Finding FindingSpan::Iterator::operator*() const {
  return (*m_list)[m_at];
}

Finding FindingSpan::operator[](std::size_t at) const {
  return (*m_list)[m_first + at];
}

const Rule& FindingSpan::rule() const {
  return *m_list->rule_at(m_first);
}

std::string FindingSpan::shared_fix() const {
  const Text first = m_list->m_entries[m_first].said->fix;
  for (std::size_t at = m_first + 1; at < m_first + m_size; ++at) {
    if (m_list->m_entries[at].said->fix != first) return std::string(rule().fix);
  }
  return first.str();
}

}  // namespace kai::audit
