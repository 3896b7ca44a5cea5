#include <cstdio>
#include <exception>
#include <filesystem>

#include "base/error.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/verbs.h"

namespace reckon {
namespace {

constexpr char kMore[] =
    "`reckon VERB --help` says more; docs/verbs.md describes every verb.\n"
    "`./reckon test [unit|full]` builds and runs the tests.";

// One blank line between the parts of a help.
class Look : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
    for (size_t at; (at = text.find("\n\n\n")) != std::string::npos;) text.erase(at, 1);
    return text.substr(0, text.find_last_not_of('\n') + 1) + "\n";
  }
};

// What an error quotes from a file may be long, or hold what a terminal obeys.
std::string shown(const std::string& text) {
  constexpr size_t kLongest = 2000, kEnd = 300;
  if (text.size() <= kLongest) return printable(text);
  return cat(printable(text.substr(0, kLongest - kEnd)), " ... ",
             printable(text.substr(text.size() - kEnd)));
}

int report(const Error& error) {
  std::fflush(stdout);
  std::fprintf(stderr, "error: %s%s%s\n", shown(error.place()).c_str(),
               error.place().empty() ? "" : ": ", shown(error.problem()).c_str());
  if (!error.remedy().empty()) std::fprintf(stderr, "  -> %s\n", shown(error.remedy()).c_str());
  return static_cast<int>(error.code());
}

// "reckon config show": the verb that `app` is.
std::string command_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : cat(command_of(*app.get_parent()), " ", app.get_name());
}

std::string help_of(const CLI::App& app) {
  return app.help(app.get_parent() == nullptr ? "" : command_of(*app.get_parent()));
}

// The deepest verb that the words name.
const CLI::App& verb_of(const CLI::App& app, const std::vector<std::string>& words, size_t first) {
  if (first >= words.size()) return app;
  for (const CLI::App* verb : app.get_subcommands({})) {
    if (verb->get_name() == words[first]) return verb_of(*verb, words, first + 1);
  }
  return app;
}

// A word where a verb of `app` belongs.
Error unknown_verb(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands({})) {
    if (!verb->get_group().empty()) names.push_back(verb->get_name());
  }
  std::string command = command_of(app);
  auto near = nearest(word, names);
  return Error(Code::usage, cat(command, " ", word), "there is no such verb",
               near ? cat("did you mean '", command, " ", *near, "'?")
                    : cat("the verbs: ", join(names, ", ")));
}

Error unexpected(const CLI::App& verb, const std::string& word) {
  std::string command = command_of(verb), help = cat("see '", command, " --help'");
  if (!word.starts_with("-"))
    return Error(Code::usage, command, cat("'", word, "' is one argument too many"), help);
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  std::string name = word.substr(0, word.find('='));
  auto near = nearest(name, names);
  return Error(Code::usage, command, cat("there is no option '", name, "'"),
               near ? cat("did you mean '", *near, "'?")
                    : cat(help, "; '--' before a text that begins with '-'"));
}

int report(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help
  std::vector<std::string> words(argv + 1, argv + argc);
  const CLI::App& verb = verb_of(app, words, 0);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    std::vector<std::string> extra = app.remaining(true);
    auto option = std::find_if(extra.begin(), extra.end(),
                               [](const std::string& word) { return word.starts_with("-"); });
    if (!extra.empty()) return report(unexpected(verb, option != extra.end() ? *option : extra[0]));
  }
  return report(Error(Code::usage, command_of(verb), error.what(),
                      cat("see '", command_of(verb), " --help'")));
}

// What the words lack before they are worth parsing: a verb, and one that exists.
std::optional<int> verb_missing(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const CLI::App& verb = verb_of(app, words, 0);
  if (verb.get_subcommands({}).empty()) return std::nullopt;
  size_t depth = 0;
  for (const CLI::App* at = &verb; at->get_parent() != nullptr; at = at->get_parent()) ++depth;
  if (depth >= words.size()) {
    if (verb.get_require_subcommand_min() == 0) return std::nullopt;  // of use alone: doctor
    std::fputs(help_of(verb).c_str(), stderr);
    return static_cast<int>(Code::usage);
  }
  if (words[depth].starts_with("-")) return std::nullopt;
  return report(unknown_verb(verb, words[depth]));
}

int failed(const std::exception& error) {
  if (auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
    return report(Error(Code::io, file->path1().string(), file->code().message(),
                        "check the path, its permissions and the disk"));
  }
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return report(Error(Code::unavailable, "", "there is not enough memory",
                        "use a smaller model or batch, or a machine with more memory"));
  }
  return report(
      Error(Code::internal, "", error.what(), "this is a defect of Reckon; please report it"));
}

}  // namespace

void prepare(CLI::App& app) {
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default();
  auto format = std::make_shared<Look>();
  format->column_width(26);
  format->label("REQUIRED", "");
  format->label("OPTIONS", "options");
  format->label("SUBCOMMAND", "VERB");
  format->label("Positionals", "Arguments");
  app.formatter(format);
  app.set_help_flag("-h,--help", "print this");
}

int run_verbs(CLI::App& app, int& exit_code, int argc, char** argv) {
  app.footer(kMore);
  try {
    if (auto code = verb_missing(app, argc, argv)) return *code;
    app.parse(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
      throw Error(Code::io, "standard output", "could not be written", "check the disk's space");
    }
    return exit_code;
  } catch (const CLI::ParseError& error) {
    return report(app, error, argc, argv);
  } catch (const Error& error) {
    return report(error);
  } catch (const std::exception& error) {
    return failed(error);
  }
}

}  // namespace reckon
