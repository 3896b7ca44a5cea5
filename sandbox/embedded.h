// Files that are part of the program: what a warm interpreter loads.
#pragma once

#include <string>
#include <vector>

namespace reckon {

struct EmbeddedFile {
  std::string name, bytes;
};
std::vector<EmbeddedFile> embedded_files();

}  // namespace reckon
