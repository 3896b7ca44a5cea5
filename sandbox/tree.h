// The launcher's own root: a small tmpfs with one tree per set-up, /proc for its own use, and
// nothing else of the host. After `move_into_trees` the host's files can no longer be named by this
// process or anything it starts.
#pragma once

#include <string>
#include <vector>

#include "sandbox/setups.h"

namespace reckon {

struct TreeFile {
  std::string path, bytes;  // "/reckon/zygote.py" in every warm set-up's tree
};

// Needs privileges over its mount namespace, which must be its own. Error(unavailable) names the
// step.
void move_into_trees(const std::vector<Setup>& setups, const std::vector<TreeFile>& files);

// In a process of its own mount namespace: makes one tree the root (for a warm interpreter).
void enter_tree(const std::string& name);

}  // namespace reckon
