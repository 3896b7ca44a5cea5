// JSON lines in, JSON lines out: the verifier as a process that answers one line at a time. Pure.
//
//   LineVerdict line = verify_line(R"({"id": 7, "gold": "1/2", "prediction": "0.5"})",
//   Mode::strict);
#pragma once

#include <string>
#include <string_view>

#include "rewards/math/verify.h"

namespace reckon {

struct LineVerdict {
  std::string json;  // one line, without its end
  bool bad = false;  // the line could not be understood; json says why
};
LineVerdict verify_line(std::string_view line, math::Mode mode);

// JSON is UTF-8; models and their tools write other things. Bytes that are not, and halves of
// surrogate pairs (\ud83d alone), become U+FFFD.
std::string mended_json(std::string_view line);

}  // namespace reckon
