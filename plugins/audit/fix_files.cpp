// Fixing files: of each document that has findings, the lines that their patches concern.
#include "fix.hpp"
#include "fix_text.hpp"

#include <kai/audit/engine.hpp>
#include <kai/audit/source/files.hpp>
#include <kai/audit/source/live.hpp>
#include <kai/audit/source/locate.hpp>
#include <kai/cli/text_file.hpp>
#include <kai/model/yaml.hpp>
#include <kai/model/yaml_edit.hpp>
#include <kai/output/document.hpp>
#include <kai/output/unified_diff.hpp>

#include <algorithm>
#include <filesystem>
#include <istream>
#include <map>
#include <ostream>
#include <utility>

namespace kai::audit_command {
namespace {

namespace fs = std::filesystem;
using audit::Finding;
using audit::Fix;
using audit::LeftOut;
using cli::DryRunMode;
using cli::ExitCode;
using model::Json;

// What becomes of one file.
struct FileEdit {
  std::string path;  // empty: standard input
  std::string before;
  std::string after;
  std::vector<const Finding*> made;
};

// The fixes of a file by the line that their documents begin on.
struct FileFixes {
  std::string path;
  std::map<int, std::vector<const Fix*>> documents;
};

// A file that was named twice is one.
std::vector<FileFixes> by_file(const audit::FileSource& source, const std::vector<Fix>& fixes) {
  std::map<std::string, FileFixes> files;
  for (const Fix& fix : fixes) {
    if (!fix.origin.known()) continue;
    const audit::DocumentPlace place = source.place_of(fix.origin);
    std::error_code code;
    FileFixes& file =
        files[place.path.empty() ? place.path : fs::weakly_canonical(place.path, code).string()];
    if (file.path.empty()) file.path = place.path;
    auto& document = file.documents[place.line];
    const bool known = std::any_of(document.begin(), document.end(), [&](const Fix* other) {
      return other->origin.item == fix.origin.item && other->object == fix.object;
    });
    if (!known) document.push_back(&fix);
  }
  std::vector<FileFixes> list;
  for (auto& [name, file] : files) list.push_back(std::move(file));
  std::sort(list.begin(), list.end(),
            [](const FileFixes& a, const FileFixes& b) { return a.path < b.path; });
  return list;
}

void leave(const Fix& fix, const std::string& reason, std::vector<LeftOut>& left) {
  for (const Finding* const finding : fix.findings) left.push_back({finding, reason, {}, false});
}

// The object of a fix in its document; null when something else stands there by now.
Json* find_object(Json& document, const Fix& fix) {
  Json* object = &document;
  if (fix.origin.item >= 0) {
    const Json::json_pointer pointer("/items/" + std::to_string(fix.origin.item));
    if (!document.contains(pointer)) return nullptr;
    object = &document.at(pointer);
  }
  return model::string_at(*object, {"metadata", "name"}) == fix.object.name ? object : nullptr;
}

class DocumentEditor {
 public:
  DocumentEditor(std::string path, int line) : m_path(std::move(path)), m_line(line) {}

  std::vector<const Finding*> made;
  std::vector<LeftOut> left;

  // The text with the fixes made: all at once, or one by one when one of them cannot be.
  std::string edit(std::string_view text, const std::vector<const Fix*>& fixes) {
    if (auto edited = try_edit(text, fixes)) return *std::move(edited);
    std::string current(text);
    for (const Fix* const fix : fixes) {
      auto edited = try_edit(current, {fix});
      if (edited) {
        current = *std::move(edited);
      } else {
        leave(*fix, "the text is left alone: " + reason_of(edited.error()), left);
      }
    }
    return current;
  }

 private:
  Result<std::string> try_edit(std::string_view text, const std::vector<const Fix*>& fixes) {
    KAI_TRY_ASSIGN(model::YamlDocument document, model::parse_yaml(text));
    std::vector<const Finding*> fitting;
    std::vector<LeftOut> unfit;
    for (const Fix* const fix : fixes) {
      Json* const object = find_object(document.value, *fix);
      if (object == nullptr) {
        leave(*fix, "the file has changed since it was audited", unfit);
        continue;
      }
      audit::Fixed fixed = audit::apply_fix(*object, *fix);
      *object = std::move(fixed.object);
      fitting.insert(fitting.end(), fixed.made.begin(), fixed.made.end());
      unfit.insert(unfit.end(), fixed.left.begin(), fixed.left.end());
    }
    KAI_TRY_ASSIGN(std::string edited, model::edit_yaml(text, document.value));
    made.insert(made.end(), fitting.begin(), fitting.end());
    left.insert(left.end(), unfit.begin(), unfit.end());
    return edited;
  }

  // Its lines are those of the document.
  [[nodiscard]] std::string reason_of(const Error& error) const {
    if (!error.location) return error.message;
    Location where = *error.location;
    where.file = m_path;
    where.line += m_line - 1;
    return where.to_string() + ": " + error.message;
  }

  std::string m_path;
  int m_line;
};

Result<FileEdit> edit_file(const FileFixes& file, std::string text, std::vector<LeftOut>& left) {
  FileEdit edit{file.path, std::move(text), {}, {}};
  audit::DocumentCursor cursor(edit.before);
  std::size_t at = 0;
  for (const auto& [line, fixes] : file.documents) {
    const std::string_view document = cursor.document_at(line);
    const auto begin = document.empty()
                           ? edit.before.size()
                           : static_cast<std::size_t>(document.data() - edit.before.data());
    DocumentEditor editor(file.path.empty() ? "<stdin>" : file.path, line);
    const std::string edited = editor.edit(document, fixes);
    edit.after += edit.before.substr(at, begin - at);
    edit.after += edited;
    at = begin + document.size();
    edit.made.insert(edit.made.end(), editor.made.begin(), editor.made.end());
    left.insert(left.end(), editor.left.begin(), editor.left.end());
  }
  edit.after += edit.before.substr(at);
  return edit;
}

std::string shown_name(const FileEdit& edit) {
  return edit.path.empty() ? "stdin" : edit.path;
}

std::string count_of(std::size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

Json files_json(const std::vector<FileEdit>& edits, const std::vector<LeftOut>& left,
                bool written) {
  Json files = Json::array();
  for (const FileEdit& edit : edits) {
    files.push_back({{"file", shown_name(edit)},
                     {"findings", findings_json(edit.made)},
                     {"diff", output::file_diff(shown_name(edit), edit.before, edit.after)}});
  }
  const bool pending = !files.empty() && !written;
  return {{"files", std::move(files)}, {"left", left_json(left)}, {"pending", pending}};
}

// Nobody's change of the last seconds is lost.
Result<> rewrite(const FileEdit& edit, std::istream& in) {
  KAI_TRY_ASSIGN(const std::string now, cli::read_text(edit.path, in));
  if (now != edit.before) {
    return fail(Error(ErrorCode::conflict, edit.path + " has changed since it was audited")
                    .with_hint("run the same command again"));
  }
  return cli::write_text(edit.path, edit.after);
}

Result<> rewrite_all(cli::Session& session, const std::vector<FileEdit>& edits, bool tell) {
  std::size_t done = 0;
  for (const FileEdit& edit : edits) {
    if (auto written = rewrite(edit, session.context().in); !written) {
      Error error = std::move(written).error();
      if (error.hint.empty()) {
        error.hint = std::to_string(done) + " of " + count_of(edits.size(), "file") +
                     (edits.size() == 1 ? " was rewritten" : " were rewritten");
      }
      return fail(std::move(error));
    }
    ++done;
    if (tell) {
      session.context().out << "rewrote " << output::safe_text(edit.path) << ": "
                            << count_text(edit.made.size(), 1, "file") << "\n"
                            << std::flush;
    }
  }
  return {};
}

void tell_left(cli::Session& session, const std::vector<LeftOut>& left) {
  std::string text = left_text(left, output::Palette(), session.context().err_terminal.width);
  while (text.ends_with("\n")) text.pop_back();
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    session.note(text.substr(at, end - at));
    at = end + 1;
  }
}

class FilesRun {
 public:
  FilesRun(cli::Session& session, const FixOptions& options, std::vector<FileEdit> edits,
           const std::vector<LeftOut>& left)
      : m_session(session), m_options(options), m_edits(std::move(edits)), m_left(left) {}

  Result<ExitCode> run() {
    const bool writes = !m_options.write.only_plan && m_options.write.dry_run == DryRunMode::none;
    const bool document =
        m_options.output == cli::Output::json || m_options.output == cli::Output::yaml;
    const bool filter = writes && !m_edits.empty() && m_edits.front().path.empty();
    if (!document) tell_left(m_session, m_left);
    if (m_edits.empty()) {
      if (document)
        finish(false);
      else
        m_session.note("Nothing to fix: no file was changed");
      return ExitCode::ok;
    }
    if (filter && !document) {
      m_session.context().out << m_edits.front().after << std::flush;
      return ExitCode::ok;
    }
    if (!document) show_diffs();
    if (!writes || filter) {
      if (document) finish(false);
      return m_options.write.only_plan ? ExitCode::findings : ExitCode::ok;
    }
    const std::string question = "Rewrite " + count_of(m_edits.size(), "file") + "?";
    KAI_TRY_ASSIGN(const bool agreed, m_session.confirm(question, m_options.write.yes));
    if (!agreed) {
      m_session.note("nothing was written");
      return ExitCode::findings;
    }
    KAI_TRY(rewrite_all(m_session, m_edits, !document));
    if (document) finish(true);
    return ExitCode::ok;
  }

 private:
  // On a terminal it is to be looked at; elsewhere it is a patch, byte for byte.
  void show_diffs() {
    Context& context = m_session.context();
    for (const FileEdit& edit : m_edits) {
      const std::string diff = output::file_diff(shown_name(edit), edit.before, edit.after);
      context.out << (context.out_terminal.is_terminal || context.out_terminal.color
                          ? output::paint_diff(diff, m_session.palette(), 0, output::Ranges::keep)
                          : diff);
    }
    context.out << std::flush;
  }

  void finish(bool written) {
    m_session.context().out << output::render_document(m_options.output == cli::Output::json
                                                           ? output::DocumentFormat::json
                                                           : output::DocumentFormat::yaml,
                                                       "AuditFix",
                                                       files_json(m_edits, m_left, written))
                            << std::flush;
  }

  cli::Session& m_session;
  const FixOptions& m_options;
  std::vector<FileEdit> m_edits;
  const std::vector<LeftOut>& m_left;
};

}  // namespace

Result<ExitCode> fix_files(cli::Session& session, const FixOptions& options,
                           std::span<const audit::Rule* const> rules, const SetAside& aside) {
  const auto& names = options.filenames;
  if (names.size() > 1 && std::find(names.begin(), names.end(), "-") != names.end()) {
    return fail(ErrorCode::usage,
                "-f - rewrites what it reads to stdout: give no other file with it");
  }
  if (options.write.dry_run == DryRunMode::server) {
    return fail(Error(ErrorCode::usage, "files are rewritten without a server")
                    .with_hint("--dry-run=client, or --plan, shows what would change"));
  }
  audit::FilesOptions files;
  files.paths = names;
  files.default_ns = session.flags().connection.ns;
  files.thresholds = options.thresholds;
  KAI_TRY_ASSIGN(const audit::FileSource source,
                 audit::FileSource::read(files, session.context().in));
  audit::Report report = audit::run_rules(source.evidence().facts, rules, source.evidence().gaps);
  aside.apply(report, source.evidence().facts, audit::now_of(session.context()));
  audit::Fixes fixes = audit::collect_fixes(report, named_in(options.select));

  std::vector<FileEdit> edits;
  for (const FileFixes& file : by_file(source, fixes.objects)) {
    std::string text = source.input_text();
    if (!file.path.empty()) {
      KAI_TRY_ASSIGN(text, cli::read_text(file.path, session.context().in));
    }
    KAI_TRY_ASSIGN(FileEdit edit, edit_file(file, std::move(text), fixes.left));
    if (edit.after != edit.before) edits.push_back(std::move(edit));
  }
  // A filter hands on what it has nothing to do with.
  if (edits.empty() && names.front() == "-" && !options.write.only_plan &&
      options.write.dry_run == DryRunMode::none && options.output == cli::Output::table) {
    edits.push_back({{}, source.input_text(), source.input_text(), {}});
  }
  FilesRun run(session, options, std::move(edits), fixes.left);
  KAI_TRY_ASSIGN(const ExitCode code, run.run());
  return fix_exit_code(session, code, report, fixes.left, options);
}

}  // namespace kai::audit_command
