#include <cstdio>
#include <exception>

#include "base/error.h"
#include "base/text.h"
#include "cli/verbs.h"

namespace reckon {
namespace {

int report(const Error& error) {
  std::fprintf(stderr, "error: %s%s%s\n", error.place().c_str(), error.place().empty() ? "" : ": ",
               error.problem().c_str());
  if (!error.remedy().empty()) std::fprintf(stderr, "  -> %s\n", error.remedy().c_str());
  return static_cast<int>(error.code());
}

int report(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  std::string word = argc > 1 ? argv[1] : "";
  bool known = std::find(names.begin(), names.end(), word) != names.end();
  std::fprintf(stderr, "error: %s\n", error.what());
  auto near = known ? std::nullopt : nearest(word, names);
  if (near) std::fprintf(stderr, "  -> did you mean 'reckon %s'?\n", near->c_str());
  if (!near)
    std::fprintf(stderr, "  -> see 'reckon %s--help'\n", known ? (word + " ").c_str() : "");
  return static_cast<int>(Code::usage);
}

}  // namespace

int run_verbs(CLI::App& app, int& exit_code, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return exit_code;
  } catch (const CLI::ParseError& error) {
    return report(app, error, argc, argv);
  } catch (const Error& error) {
    return report(error);
  } catch (const std::exception& error) {
    return report(
        Error(Code::internal, "", error.what(), "this is a defect of Reckon; please report it"));
  }
}

}  // namespace reckon
