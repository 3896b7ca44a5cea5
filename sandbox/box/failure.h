// What a step of building a box reports. The code in sandbox/box/ runs between fork and exec, and
// inside a warm interpreter: it allocates nothing, throws nothing, and says by value which step
// failed.
//
//   if (Failure failed = drop_capabilities()) return failed;
#pragma once

#include <cerrno>

namespace reckon::box {

struct Failure {
  const char* step = nullptr;  // static text; null: no failure
  int error = 0;               // errno
  explicit operator bool() const { return step != nullptr; }
};

inline Failure failed(const char* step) { return {step, errno}; }

}  // namespace reckon::box
