// How long tests may take: `./reckon test full` asks for every check at its full length. For tests
// only.
#pragma once

#include <cstdlib>
#include <string_view>

namespace reckon {

inline bool full_length() {
  const char* length = std::getenv("RECKON_TEST_LENGTH");
  return length != nullptr && std::string_view(length) == "full";
}

}  // namespace reckon
