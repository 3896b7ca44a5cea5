// What a sandbox is asked to be. Plain data.
#pragma once

#include <string>
#include <vector>

namespace reckon {

// Parts of the isolation that a host may lack and a user may name in `allow_missing`; everything
// else is always needed (docs/sandbox.md says what each one means).
constexpr const char* kMayBeMissing[] = {"cgroup", "landlock", "separate_uid"};

struct SandboxOptions {
  int slots = 1;  // boxes that can run side by side, each with a uid of its own
  std::vector<std::string> allow_missing;    // from kMayBeMissing
  std::vector<std::string> pretend_missing;  // behave as on a host without these; for tests
  std::string python;                        // interpreter; empty: `python3` of PATH
};

}  // namespace reckon
