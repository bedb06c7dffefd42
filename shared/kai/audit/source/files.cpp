#include <kai/audit/source/files.hpp>

#include <kai/audit/facts/builder.hpp>
#include <kai/audit/source/locate.hpp>
#include <kai/base/context.hpp>
#include <kai/model/json.hpp>
#include <kai/model/yaml.hpp>
#include <kai/model/yaml_pieces.hpp>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace kai::audit {
namespace {

namespace fs = std::filesystem;
using model::Json;

constexpr std::string_view k_stdin = "-";
constexpr const char* k_stdin_name = "<stdin>";
// What a thread parses at a time, if separators allow: the JSON of it weighs ten times that.
constexpr std::size_t k_piece = std::size_t{64} << 10U;
// The items of a JSON list are held up to this size of its text.
constexpr std::size_t k_held_list = std::size_t{256} << 10U;
constexpr std::size_t k_most_threads = 16;

enum class Named { by_user, by_directory };

struct File {
  std::string path;  // as it is shown
  Named named = Named::by_user;
  std::string text;  // kept for standard input only
};

struct Document {
  std::size_t file = 0;
  int line = 0;  // of its first node
};

bool is_manifest_name(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

Error file_error(const std::string& path, const std::error_code& code) {
  const bool missing = code == std::errc::no_such_file_or_directory;
  return {missing ? ErrorCode::not_found : ErrorCode::io, path + ": " + code.message()};
}

Error too_large(const std::string& path) {
  return Error(ErrorCode::invalid_input,
               "the file is larger than " + std::to_string(k_most_text) + " bytes")
      .at({path, 0, 0});
}

// Errors: invalid_input for a file that is larger than any should be.
Result<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return fail(file_error(path, std::error_code(errno, std::generic_category())));
  std::error_code code;
  const std::uintmax_t size = fs::file_size(path, code);
  std::string text;
  if (!code && size > 0) {
    if (size > k_most_text) return fail(too_large(path));
    text.resize(size);
    stream.read(text.data(), static_cast<std::streamsize>(size));
    text.resize(static_cast<std::size_t>(stream.gcount()));
  }
  // Pipes and files of /proc have no size.
  const auto rest = read_to_end(stream, k_most_text - text.size());
  if (!rest) {
    const bool large = rest.error().code == ErrorCode::invalid_input;
    return fail(large ? too_large(path) : Error(ErrorCode::io, path + ": reading failed"));
  }
  if (stream.bad()) return fail(ErrorCode::io, path + ": reading failed");
  text += *rest;
  return text;
}

// The files below a directory, sorted, so that every run reads them alike.
Result<> list_directory(const std::string& path, std::vector<File>& files) {
  std::error_code code;
  std::vector<std::string> found;
  fs::recursive_directory_iterator entries(path, fs::directory_options::skip_permission_denied,
                                           code);
  if (code) return fail(file_error(path, code));
  for (const auto end = fs::recursive_directory_iterator(); entries != end;) {
    const fs::path& entry = entries->path();
    std::error_code ignored;
    if (is_hidden(entry)) {
      if (entries->is_directory(ignored)) entries.disable_recursion_pending();
    } else if (entries->is_regular_file(ignored) && is_manifest_name(entry)) {
      found.push_back(entry.lexically_normal().string());
    }
    entries.increment(code);
    if (code) return fail(file_error(path, code));
  }
  std::sort(found.begin(), found.end());
  for (std::string& name : found) files.push_back({std::move(name), Named::by_directory, {}});
  return {};
}

Result<std::vector<File>> list_files(const FilesOptions& options, std::istream& in) {
  std::vector<File> files;
  bool stdin_read = false;
  for (const std::string& path : options.paths) {
    if (path == k_stdin) {
      if (stdin_read) return fail(ErrorCode::usage, "-f - can be given only once");
      stdin_read = true;
      KAI_TRY_ASSIGN(std::string text, read_to_end(in));
      files.push_back({k_stdin_name, Named::by_user, std::move(text)});
      continue;
    }
    std::error_code code;
    const fs::file_status status = fs::status(path, code);
    if (!fs::exists(status)) {
      Error error(ErrorCode::not_found, path + ": no such file or directory");
      if (path.starts_with("http://") || path.starts_with("https://")) {
        error.hint = "download it and pass the file, or pipe it into -f -";
      }
      return fail(std::move(error));
    }
    if (fs::is_directory(status)) {
      KAI_TRY(list_directory(path, files));
    } else {
      files.push_back({path, Named::by_user, {}});
    }
  }
  return files;
}

// Threads cost more than they bring where there is little to read.
std::size_t threads_for(const FilesOptions& options, const std::vector<File>& files) {
  if (options.threads > 0) return options.threads;
  std::uintmax_t bytes = 0;
  for (const File& file : files) {
    std::error_code code;
    const std::uintmax_t size = fs::file_size(file.path, code);
    bytes += code ? file.text.size() : size;
  }
  const std::size_t cores = std::max(std::thread::hardware_concurrency(), 1U);
  return std::clamp<std::size_t>(bytes / (2 * k_piece), 1, std::min(cores, k_most_threads));
}

bool looks_like_object(const Json& value) {
  return !model::string_at(value, {"apiVersion"}).empty() &&
         !model::string_at(value, {"kind"}).empty();
}

// The kind of a List's items, "" for a v1 List whose items say themselves; nullopt when
// the object is no list.
std::optional<std::string_view> list_of(std::string_view kind, const Json* items) {
  constexpr std::string_view k_suffix = "List";
  if (!kind.ends_with(k_suffix) || items == nullptr || !items->is_array()) return std::nullopt;
  kind.remove_suffix(k_suffix.size());
  return kind;
}

}  // namespace

struct FileSource::State {
  FilesOptions options;
  std::vector<File> files;
  std::vector<Document> documents;  // Origin::document counts from 1
  Evidence evidence;
  std::vector<Location> passed_over;
  FactsBuilder builder;
  std::size_t documents_seen = 0;
  std::size_t threads = 1;

  explicit State(FilesOptions chosen)
      : options(std::move(chosen)), builder(facts_options(options)) {}

  static FactsOptions facts_options(const FilesOptions& options) {
    FactsOptions facts;
    facts.view = options.view;
    facts.default_ns = options.default_ns;
    facts.only_ns = options.only_ns;
    facts.target = options.target;
    facts.thresholds = options.thresholds;
    facts.profile = options.profile;
    return facts;
  }

  // What one thread parses at a time: some documents of a file, or a list in JSON.
  struct Piece {
    std::size_t file = 0;
    std::shared_ptr<const std::string> owner;  // of text
    std::string_view text;
    int lines_before = 0;
    bool json_list = false;
    std::optional<Error> refused;  // why the file is not read at all
  };
  struct Parsed {
    std::vector<Result<model::YamlDocument>> documents;
    std::vector<Json> items;  // of the list
    Result<model::ListHeader> list;
    bool streamed = false;  // the list is too long to be held, and not parsed yet
  };
  class Pieces;

  Result<> read_all(std::size_t most_threads);
  [[nodiscard]] Parsed parse(const Piece& piece) const;
  void add(const Piece& piece, Parsed& parsed);
  void add_item(std::size_t file, const Json& item, Origin origin);
  void add_error(std::size_t file, const Error& error);
  void add_document(std::size_t file, const Json& value, const Location& location);
  void add_object(const Json& object, std::string_view api_version, std::string_view kind,
                  Origin origin);
  void add_gap(std::string reason, std::optional<Location> location);
  void add_stranger(std::size_t file, const Location& location, std::string what);
  Origin new_document(std::size_t file, int line);
};

Origin FileSource::State::new_document(std::size_t file, int line) {
  documents.push_back({file, line});
  return {static_cast<std::uint32_t>(documents.size()), -1};
}

void FileSource::State::add_gap(std::string reason, std::optional<Location> location) {
  evidence.gaps.push_back({std::nullopt, std::move(reason), std::move(location)});
}

// A directory holds other files, too; one that the user named was meant to be audited.
void FileSource::State::add_stranger(std::size_t file, const Location& location, std::string what) {
  if (files[file].named == Named::by_directory) {
    passed_over.push_back(location);
  } else {
    add_gap(std::move(what), location);
  }
}

void FileSource::State::add_object(const Json& object, std::string_view api_version,
                                   std::string_view kind, Origin origin) {
  if (!options.only_ns.empty()) {
    const auto known = kind_of(api_version, kind);
    const bool cluster_scoped = known && info(*known).scope == KindScope::cluster;
    if (!cluster_scoped && model::string_at(object, {"metadata", "namespace"}) != options.only_ns) {
      return;
    }
  }
  builder.add(object, api_version, kind, origin);
}

void FileSource::State::add_document(std::size_t file, const Json& value,
                                     const Location& location) {
  if (value.is_null()) return;
  ++documents_seen;
  if (!looks_like_object(value)) {
    add_stranger(file, location,
                 value.is_object() ? "no Kubernetes object: apiVersion or kind is missing"
                                   : "no Kubernetes object");
    return;
  }
  Origin origin = new_document(file, location.line);
  const std::string_view api_version = model::string_at(value, {"apiVersion"});
  const std::string_view kind = model::string_at(value, {"kind"});
  const Json* const items = model::find_path(value, {"items"});
  const auto item_kind = list_of(kind, items);
  if (!item_kind) {
    add_object(value, api_version, kind, origin);
    return;
  }
  for (const Json& item : *items) {
    ++origin.item;
    if (looks_like_object(item)) {
      add_object(item, model::string_at(item, {"apiVersion"}), model::string_at(item, {"kind"}),
                 origin);
    } else if (item.is_object() && !item_kind->empty()) {
      add_object(item, api_version, *item_kind, origin);
    } else {
      add_gap("item " + std::to_string(origin.item) + " of the list is no Kubernetes object",
              location);
    }
  }
}

void FileSource::State::add_item(std::size_t file, const Json& item, Origin origin) {
  if (looks_like_object(item)) {
    add_object(item, model::string_at(item, {"apiVersion"}), model::string_at(item, {"kind"}),
               origin);
  } else {
    add_gap("item " + std::to_string(origin.item) + " of the list is no Kubernetes object",
            Location{files[file].path, 0, 0});
  }
}

void FileSource::State::add_error(std::size_t file, const Error& error) {
  Location where = error.location.value_or(Location());
  where.file = files[file].path;
  add_gap(error.message, where);
}

void FileSource::State::add(const Piece& piece, Parsed& parsed) {
  const std::size_t file = piece.file;
  for (auto& document : parsed.documents) {
    if (document) {
      Location where = document->location;
      where.file = files[file].path;
      add_document(file, document->value, where);
    } else {
      ++documents_seen;
      add_error(file, document.error());
    }
  }
  if (!piece.json_list) return;
  Origin origin = new_document(file, 1);
  ++documents_seen;
  for (const Json& item : parsed.items) {
    ++origin.item;
    add_item(file, item, origin);
  }
  // A list as large as a cluster is never held: its items are taken one by one.
  const auto streamed = parsed.streamed ? model::parse_list(piece.text,
                                                            [&](Json&& item) -> Result<> {
                                                              ++origin.item;
                                                              add_item(file, item, origin);
                                                              return {};
                                                            })
                                        : std::move(parsed.list);
  if (!streamed) add_error(file, streamed.error());
}

FileSource::State::Parsed FileSource::State::parse(const Piece& piece) const {
  Parsed parsed;
  if (piece.refused) {
    parsed.documents.emplace_back(fail(*piece.refused));
    return parsed;
  }
  if (piece.json_list) {
    parsed.streamed = piece.text.size() > k_held_list;
    if (!parsed.streamed) {
      parsed.list = model::parse_list(piece.text, [&](Json&& item) -> Result<> {
        parsed.items.push_back(std::move(item));
        return {};
      });
    }
    return parsed;
  }
  model::YamlOptions yaml;
  yaml.file = files[piece.file].path;
  yaml.lines_before = piece.lines_before;
  // The sink never fails, so neither does the stream.
  static_cast<void>(model::parse_yaml_stream(
      piece.text, yaml, [&](Result<model::YamlDocument>&& document) -> Result<> {
        parsed.documents.push_back(std::move(document));
        return {};
      }));
  return parsed;
}

// Hands out the pieces of all files in their order.
class FileSource::State::Pieces {
 public:
  explicit Pieces(const std::vector<File>& files) : m_files(files) {}

  // nullopt behind the last one. Errors: a file that cannot be read.
  Result<std::optional<Piece>> next() {
    while (m_rest.empty()) {
      if (m_next == m_files.size()) return std::optional<Piece>();
      const auto opened = open(m_next++);
      if (opened) continue;
      if (opened.error().code != ErrorCode::invalid_input) return fail(opened.error());
      Piece refused;
      refused.file = m_next - 1;
      refused.refused = opened.error();
      return std::optional<Piece>(std::move(refused));
    }
    Piece piece;
    piece.file = m_next - 1;
    piece.owner = m_owner;
    piece.lines_before = m_lines;
    piece.json_list = m_json_list;
    piece.text = m_rest.substr(0, m_json_list ? m_rest.size() : model::piece_size(m_rest, k_piece));
    m_lines += static_cast<int>(std::count(piece.text.begin(), piece.text.end(), '\n'));
    m_rest.remove_prefix(piece.text.size());
    if (m_rest.empty()) m_owner.reset();
    return std::optional<Piece>(std::move(piece));
  }

 private:
  Result<> open(std::size_t file) {
    if (m_files[file].path == k_stdin_name) {
      m_rest = m_files[file].text;
    } else {
      KAI_TRY_ASSIGN(std::string text, read_file(m_files[file].path));
      m_owner = std::make_shared<const std::string>(std::move(text));
      m_rest = *m_owner;
    }
    m_lines = 0;
    m_json_list = false;
    const std::size_t start = m_rest.find_first_not_of(" \t\r\n");
    if (start != std::string_view::npos && m_rest[start] == '{') {
      const auto header = model::peek_list_header(m_rest);
      m_json_list = header && header->kind.ends_with("List");
    }
    return {};
  }

  const std::vector<File>& m_files;
  std::size_t m_next = 0;
  std::shared_ptr<const std::string> m_owner;  // of m_rest; null for standard input
  std::string_view m_rest;
  int m_lines = 0;
  bool m_json_list = false;
};

// Threads parse pieces, and one at a time adds those that are next in order. So the result
// is that of one thread, and what is parsed too early is bounded.
Result<> FileSource::State::read_all(std::size_t most_threads) {
  const std::size_t most_held = 2 * most_threads;
  Pieces pieces(files);
  std::mutex mutex;  // guards what follows, and `pieces`
  std::condition_variable turn_changed;
  std::map<std::size_t, std::pair<Piece, Parsed>> parsed_pieces;  // by number, not added yet
  std::size_t handed_out = 0;
  std::size_t turn = 0;
  bool adding = false;
  bool stop = false;
  Result<> result;
  const auto add_what_is_next = [&](std::unique_lock<std::mutex>& lock) {
    if (adding) return;  // whoever does will come to it
    adding = true;
    for (auto next = parsed_pieces.find(turn); next != parsed_pieces.end();
         next = parsed_pieces.find(turn)) {
      auto node = parsed_pieces.extract(next);
      lock.unlock();
      add(node.mapped().first, node.mapped().second);
      node = {};
      lock.lock();
      ++turn;
      turn_changed.notify_all();
    }
    adding = false;
  };
  const auto work = [&] {
    std::unique_lock lock(mutex);
    while (true) {
      turn_changed.wait(lock, [&] { return stop || handed_out - turn < most_held; });
      if (stop) return;
      auto piece = pieces.next();
      if (!piece || !*piece) {
        stop = true;
        turn_changed.notify_all();
        if (!piece) result = fail(std::move(piece).error());
        return;
      }
      const std::size_t mine = handed_out++;
      lock.unlock();
      Parsed parsed = parse(**piece);
      lock.lock();
      parsed_pieces.emplace(mine, std::pair(**std::move(piece), std::move(parsed)));
      add_what_is_next(lock);
    }
  };
  std::vector<std::thread> helpers;
  try {
    for (std::size_t i = 1; i < most_threads; ++i) helpers.emplace_back(work);
  } catch (const std::system_error&) {
    // Those that there are will do.
  }
  work();
  for (std::thread& thread : helpers) thread.join();
  return result;
}

FileSource::FileSource(std::unique_ptr<State> state) : m_state(std::move(state)) {}
FileSource::~FileSource() = default;
FileSource::FileSource(FileSource&&) noexcept = default;
FileSource& FileSource::operator=(FileSource&&) noexcept = default;

Result<FileSource> FileSource::read(const FilesOptions& options, std::istream& in) {
  auto state = std::make_unique<State>(options);
  KAI_TRY_ASSIGN(state->files, list_files(options, in));
  state->threads = threads_for(options, state->files);
  KAI_TRY(state->read_all(state->threads));
  const bool nothing =
      state->documents_seen == 0 || (state->documents.empty() && state->evidence.gaps.empty());
  if (nothing) {
    std::string names;
    for (const std::string& path : options.paths) names += (names.empty() ? "" : ", ") + path;
    return fail(Error(ErrorCode::invalid_input, names + ": no Kubernetes object to audit")
                    .with_hint("give -f a manifest, a directory of them (*.yaml, *.yml, *.json), "
                               "or - for standard input"));
  }
  if (options.view == Facts::View::cluster) {
    // Whoever says that the files are the cluster says that nothing is missing.
    for (const KindInfo& kind : all_kinds()) state->builder.set_complete(kind.kind);
  }
  state->evidence.facts = state->builder.finish();
  return FileSource(std::move(state));
}

const Evidence& FileSource::evidence() const {
  return m_state->evidence;
}
const std::vector<Location>& FileSource::passed_over() const {
  return m_state->passed_over;
}

void FileSource::locate(Report& report) const {
  // In the order of files, and in each of documents.
  std::map<std::size_t, std::map<std::uint32_t, FoundIn>> by_file;
  FindingList& findings = report.findings;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Origin& origin = findings.origin_at(i);
    if (!origin.known()) continue;
    const Document& document = m_state->documents[origin.document - 1];
    FoundIn& found = by_file[document.file][origin.document];
    found.line = document.line;
    found.fields.push_back({findings.path_at(i), origin.item, i, {}});
  }
  for (auto& [file, documents] : by_file) {
    std::vector<FoundIn> found;
    for (auto& [number, document] : documents) found.push_back(std::move(document));
    const File& where = m_state->files[file];
    std::string loaded;
    std::string_view text = where.text;
    if (where.path != k_stdin_name) {
      if (auto again = read_file(where.path)) loaded = *std::move(again);
      text = loaded;
    }
    locate_fields(where.path, text, found, m_state->threads);
    for (const FoundIn& document : found) {
      for (const Sought& field : document.fields) {
        findings.set_location(field.finding, field.found);
      }
    }
  }
}

DocumentPlace FileSource::place_of(const Origin& origin) const {
  const Document& document = m_state->documents[origin.document - 1];
  const std::string& path = m_state->files[document.file].path;
  return {path == k_stdin_name ? std::string() : path, document.line};
}

const std::string& FileSource::input_text() const {
  static const std::string k_nothing;
  for (const File& file : m_state->files) {
    if (file.path == k_stdin_name) return file.text;
  }
  return k_nothing;
}

}  // namespace kai::audit
