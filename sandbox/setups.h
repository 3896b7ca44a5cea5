// The table of language set-ups: which files of the host a program of each may read, and how it is
// started. A new language is one more entry in setups.cc. Looked up once, by the launcher, before
// it leaves the host's files.
#pragma once

#include <string>
#include <vector>

#include "sandbox/box/ticket.h"

namespace reckon {

enum class SetupId : uint32_t { python = 0, cpp_build = 1, cpp_run = 2 };
constexpr int kSetups = 3;

struct Bind {
  std::string from, to;  // a file or a folder of the host, and its place in the tree
};

struct Setup {
  std::string name;
  bool execute = false;           // may start programs; a warm interpreter may not
  bool warm = false;              // forked from an interpreter that is already running
  std::vector<Bind> binds;        // read-only, nosuid, nodev
  std::vector<std::string> hide;  // folders inside a bind that show empty
  std::vector<std::string>
      command;          // a warm interpreter's, or the compiler's; empty: the program itself
  std::string missing;  // why this set-up cannot be used on this host; empty: it can
};

// `python`: path or name of the interpreter; empty: `python3` of PATH.
std::vector<Setup> find_setups(const std::string& python);

}  // namespace reckon
