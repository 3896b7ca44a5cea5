// Which open files a program of a box begins with: 0, 1, 2, and one channel (3) where a protocol
// needs it.
#pragma once

#include "sandbox/box/failure.h"

namespace reckon::box {

// Makes `files[i]` descriptor i, for `count` of them, and closes every other one, whatever it is.
// The two in `kept` (-1: none) survive under new numbers behind them, which are written back, with
// close-on-exec set.
Failure keep_descriptors(const int* files, int count, int* kept[2]);

}  // namespace reckon::box
