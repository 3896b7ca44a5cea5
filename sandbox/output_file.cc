#include "sandbox/output_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/text.h"

namespace reckon {

Descriptor working_folder(int init) {
  return Descriptor(
      ::open(cat("/proc/", init, "/root/tmp").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

Descriptor take_file(int folder, const std::string& name, uint64_t most) {
  // Resolved by the kernel beneath the folder, without links, devices or other mounts on the way;
  // and without waiting, should it be a pipe.
  open_how how = {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  Descriptor file(static_cast<int>(::syscall(SYS_openat2, folder, name.c_str(), &how, sizeof how)));
  struct stat status;
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  if (static_cast<uint64_t>(status.st_size) > most) return {};
  Descriptor copy(::memfd_create("program", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  for (off_t left = status.st_size; copy && left > 0;) {
    ssize_t sent = ::sendfile(copy.get(), file.get(), nullptr, static_cast<size_t>(left));
    if (sent <= 0) return {};
    left -= sent;
  }
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (!copy || ::fchmod(copy.get(), 0555) != 0 || ::fcntl(copy.get(), F_ADD_SEALS, kSeals) != 0)
    return {};
  return copy;
}

}  // namespace reckon
