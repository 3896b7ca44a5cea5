#include "sandbox/box/path_fence.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace reckon::box {
namespace {

// Rights that the installed header may be too old to name (ABI 3 and 5).
constexpr uint64_t kTruncate = 1ull << 14, kDeviceIoctl = 1ull << 15;

struct Ruleset {  // struct landlock_ruleset_attr of ABI 6; older kernels take a prefix of it
  uint64_t files = 0, network = 0, scoped = 0;
};

uint64_t known_rights(int abi) {
  uint64_t rights = (1ull << 13) - 1;  // ABI 1: execute ... make symbolic links
  if (abi >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) rights |= kTruncate;
  if (abi >= 5) rights |= kDeviceIoctl;
  return rights;
}

bool allow(int ruleset, const char* path, uint64_t rights) {
  landlock_path_beneath_attr rule = {};
  rule.allowed_access = rights;
  rule.parent_fd = ::open(path, O_PATH | O_CLOEXEC);
  if (rule.parent_fd < 0) return false;
  long result = ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  ::close(rule.parent_fd);
  return result == 0;
}

}  // namespace

int landlock_abi() {
  long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

Failure fence_paths(bool execute) {
  int abi = landlock_abi();
  if (abi == 0) return failed("landlock");
  uint64_t all = known_rights(abi);
  Ruleset wanted{all, abi >= 4 ? 3u : 0u, abi >= 6 ? 3u : 0u};
  size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  int ruleset = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &wanted, size, 0));
  if (ruleset < 0) return failed("landlock_create_ruleset");
  uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  uint64_t special = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                     LANDLOCK_ACCESS_FS_MAKE_FIFO | kDeviceIoctl;
  bool good = allow(ruleset, "/", execute ? read | LANDLOCK_ACCESS_FS_EXECUTE : read) &&
              allow(ruleset, "/tmp", all & ~special) &&
              allow(ruleset, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE);
  good = good && ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  Failure result = good ? Failure{} : failed("landlock rules");
  ::close(ruleset);
  return result;
}

}  // namespace reckon::box
