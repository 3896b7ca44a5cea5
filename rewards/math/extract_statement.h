// Where an answer in prose ends: "the answer is 42, because ...". Private to the extraction. Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "rewards/math/extract_text.h"

namespace reckon::math {

// The end of the answer that begins at `begin` or on the next line with text, at most `limit`: of
// its sentence or line, or before words that only explain it. Math is passed over whole.
size_t statement_end(std::string_view text, size_t begin, size_t limit, MathSpans& spans);

}  // namespace reckon::math
