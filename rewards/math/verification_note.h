// The one line that says how a verdict came about: "boxed: 0.5: both are 1/2". Pure.
#pragma once

#include <string>

#include "rewards/math/verify.h"

namespace reckon::math {

// rule: what was compared: why; parts that are empty are left out. Long answers are shortened.
std::string note_of(const Verification& verification);

}  // namespace reckon::math
