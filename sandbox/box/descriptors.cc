#include "sandbox/box/descriptors.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace reckon::box {

Failure keep_descriptors(const int* files, int count, int* kept[2]) {
  constexpr int kFar = 64;  // above all targets, so that no dup2 closes a source
  int moved[8];
  for (int i = 0; i < count; ++i)
    if ((moved[i] = ::fcntl(files[i], F_DUPFD_CLOEXEC, kFar)) < 0)
      return failed("move descriptors");
  int last = count;
  int far_kept[2] = {-1, -1};
  for (int i = 0; i < 2; ++i)
    if (*kept[i] >= 0 && (far_kept[i] = ::fcntl(*kept[i], F_DUPFD_CLOEXEC, kFar)) < 0)
      return failed("move descriptors");
  for (int i = 0; i < count; ++i)
    if (::dup2(moved[i], i) < 0) return failed("place descriptors");
  for (int i = 0; i < 2; ++i) {
    if (far_kept[i] < 0) continue;
    if (::dup3(far_kept[i], last, O_CLOEXEC) < 0) return failed("place descriptors");
    *kept[i] = last++;
  }
  // By range: a list of what is open would come from /proc, which a box does not have.
  if (::syscall(SYS_close_range, last, ~0u, 0) != 0) return failed("close_range");
  return {};
}

}  // namespace reckon::box
