// One line of Python to be written for a description in words, with tests that judge it: the
// generator `python_line` (docs/data.md). A pure function of the stream.
//
//   Row row = python_line(random, {.variables = 2, .parts = 2, .greatest = 9, .cases = 3, .slips =
//   0});
//   // "def f(x,y):  # x times y minus 4\n    return ", completion "x*y-4", tests of type "call"
#pragma once

#include "base/random.h"
#include "pipeline/dataset.h"

namespace reckon {

struct PythonLineShape {
  int64_t variables = 2;  // of x, y, z
  int64_t parts = 2;      // of the sum
  int64_t greatest = 9;   // of the numbers in it, from 1
  int64_t cases = 3;      // calls that judge
  int64_t slips = 0;      // of a hundred parts of a completion, those that are any part
};
Row python_line(RandomStream& random, const PythonLineShape& shape);

}  // namespace reckon
