#include "sandbox/setups.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/text.h"

namespace reckon {
namespace {

namespace fs = std::filesystem;

// Standard output of a command of this host, without its last line end. Run before anything
// untrusted exists.
std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(cat(command, " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return "";
  char piece[4096];
  while (size_t length = std::fread(piece, 1, sizeof piece, pipe)) text.append(piece, length);
  if (::pclose(pipe) != 0) return "";
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string quoted(const std::string& word) {
  std::string text = "'";
  for (char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

// The file that `name` stands for, with every link followed; empty when there is none.
std::string program(const std::string& name) {
  std::error_code error;
  std::string path =
      name.find('/') == std::string::npos ? output_of(cat("command -v ", quoted(name))) : name;
  return path.empty() ? "" : fs::canonical(path, error).string();
}

void add_if_there(std::vector<Bind>& binds, const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error) && !fs::is_symlink(path, error)) binds.push_back({path, path});
}

// Shared libraries and their loader. Debian keeps them in one folder per architecture, others in
// lib64.
std::vector<Bind> libraries() {
  std::vector<Bind> binds;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/usr/lib", error))
    if (entry.path().filename().string().ends_with("-linux-gnu")) add_if_there(binds, entry.path());
  for (const char* folder :
       {"/usr/lib64", "/lib64", "/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu"})
    if (fs::canonical(folder, error).string() == folder) add_if_there(binds, folder);
  return binds;
}

Setup python_setup(const std::string& wanted) {
  Setup setup{.name = "python",
              .execute = false,
              .warm = true,
              .binds = libraries(),
              .hide = {},
              .command = {},
              .missing = {}};
  std::string name = wanted.empty() ? "python3" : wanted;
  // The real interpreter behind wrappers, its standard library, and its own shared library where it
  // has one.
  std::string facts = output_of(
      cat(quoted(name),
          " -I -S -c 'import sys, os, sysconfig as s; print(os.path.realpath(sys.executable)); ",
          "print(s.get_path(\"stdlib\")); print(s.get_path(\"platstdlib\")); ",
          "print(os.path.join(s.get_config_var(\"LIBDIR\") or \"\", "
          "s.get_config_var(\"INSTSONAME\") or \"\")); ",
          "assert sys.version_info >= (3, 8)'"));
  std::vector<std::string> lines = split(facts, '\n');
  if (lines.size() < 4) {
    setup.missing = cat("no interpreter `", name, "` of version 3.8 or newer");
    return setup;
  }
  setup.binds.push_back({lines[0], lines[0]});
  setup.binds.push_back({lines[1], lines[1]});
  if (lines[2] != lines[1]) setup.binds.push_back({lines[2], lines[2]});
  std::error_code error;
  if (lines[3].ends_with(".so") || lines[3].find(".so.") != std::string::npos)
    if (fs::is_regular_file(lines[3], error)) setup.binds.push_back({lines[3], lines[3]});
  for (const char* packages : {"/site-packages", "/dist-packages"})
    if (fs::is_directory(lines[1] + packages, error)) setup.hide.push_back(lines[1] + packages);
  setup.command = {lines[0], "-s", "-S", "-B", "-X", "utf8", "/reckon/zygote.py"};
  return setup;
}

Setup cpp_build_setup() {
  Setup setup{.name = "cpp_build",
              .execute = true,
              .warm = false,
              .binds = libraries(),
              .hide = {},
              .command = {},
              .missing = {}};
  for (const char* name : {"g++", "as", "ld"}) {
    std::string path = program(name);
    if (path.empty()) setup.missing = cat("no `", name, "`: install g++");
    setup.binds.push_back({path, cat("/usr/bin/", name)});
  }
  for (const char* folder : {"/usr/lib/gcc", "/usr/libexec/gcc", "/usr/include"})
    add_if_there(setup.binds, folder);
  // Source from standard input, so that no file of the candidate's choice is named on the command
  // line.
  setup.command = {"/usr/bin/g++", "-x", "c++",          "-std=c++17", "-O2",
                   "-pipe",        "-o", "/tmp/program", "-"};
  return setup;
}

Setup cpp_run_setup() {
  return {.name = "cpp_run",
          .execute = true,
          .warm = false,
          .binds = libraries(),
          .hide = {},
          .command = {},
          .missing = {}};
}

}  // namespace

std::vector<Setup> find_setups(const std::string& python) {
  return {python_setup(python), cpp_build_setup(), cpp_run_setup()};
}

}  // namespace reckon
