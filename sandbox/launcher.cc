#include "sandbox/launcher.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "sandbox/box/message.h"
#include "sandbox/embedded.h"
#include "sandbox/keeper.h"
#include "sandbox/probe.h"
#include "sandbox/syscall_policy.h"
#include "sandbox/tree.h"

namespace reckon {
namespace {

// Far above users that exist; distinct for every slot of every launcher alive: 256 per process id.
constexpr unsigned kFirstId = 0x60000000;
constexpr int kMostSlots = 255;

[[noreturn]] void cannot(const std::string& what) {
  throw Error(Code::unavailable, "sandbox", cat(what, ": ", std::strerror(errno)),
              "`reckon doctor sandbox` shows what this host offers");
}

void write_own(const char* path, const std::string& text) {
  if (!(std::ofstream(path) << text << std::flush)) cannot(cat("write ", path));
}

// A mount namespace of our own. Without root it takes a user namespace, in which we are root over
// ourselves alone.
void take_namespaces(bool root) {
  unsigned user = ::geteuid(), group = ::getegid();
  if (root && ::setgroups(0, nullptr) != 0) cannot("drop supplementary groups");
  if (::unshare(root ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) cannot("unshare");
  if (root) return;
  write_own("/proc/self/setgroups", "deny");
  write_own("/proc/self/uid_map", cat("0 ", user, " 1"));
  write_own("/proc/self/gid_map", cat("0 ", group, " 1"));
}

class Launcher {
 public:
  Launcher(const SandboxOptions& options, int control) : options_(options), control_(control) {}

  void prepare() {
    HostReport host = probe_host(options_.pretend_missing);
    require(host, options_.allow_missing);
    missing_ = host.missing();
    root_ = ::geteuid() == 0;
    separate_ids_ = host.has("separate_uid");
    if (host.has("cgroup")) home_.emplace(CgroupHome::open());
    for (int slot = 0; slot < options_.slots; ++slot)
      cgroups_.push_back(home_ ? home_->make_slot(slot) : SlotCgroup{});
    setups_ = find_setups(options_.python);
    for (const Setup& setup : setups_) {
      box::Policy policy;
      policy.execute = setup.execute;
      policy.landlock = host.has("landlock");
      policy.memory_limit = !home_;
      policy.filter = compile_filter({.execute = setup.execute});
      policies_.push_back(policy);
    }
    init_filter_ = compile_init_filter();
    take_namespaces(root_);
    std::vector<TreeFile> files;
    for (EmbeddedFile& file : embedded_files())
      files.push_back({"/reckon/" + file.name, std::move(file.bytes)});
    move_into_trees(setups_, files);
  }

  void serve() {
    LauncherHello hello;
    hello.ok = 1;
    std::string text = join(missing_, ",");
    std::memcpy(hello.text, text.data(), std::min(text.size(), sizeof hello.text - 1));
    keepers_.assign(cgroups_.size(), -1);
    if (!box::send_message(control_, &hello, sizeof hello, nullptr, 0)) return;
    for (uint32_t slot = 0; slot < keepers_.size(); ++slot) start_keeper(slot);
    LauncherSlot request;
    while (box::receive_message(control_, &request, sizeof request, nullptr, nullptr) ==
           sizeof request)
      if (request.slot < keepers_.size()) start_keeper(request.slot);
  }

  void end() {
    for (pid_t keeper : keepers_)
      if (keeper > 0) ::kill(keeper, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
    // Boxes end with their keepers; their last processes may need a moment to leave the cgroup.
    for (int i = 0; i < 200 && home_ && !home_->remove_slots(); ++i) ::usleep(5000);
  }

 private:
  void start_keeper(uint32_t slot) {
    if (keepers_[slot] > 0) {
      ::kill(keepers_[slot], SIGKILL);
      ::waitpid(keepers_[slot], nullptr, 0);
    }
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) cannot("socketpair");
    Descriptor theirs(pair[0]), keepers(pair[1]);
    keepers_[slot] = ::fork();
    if (keepers_[slot] < 0) cannot("fork");
    if (keepers_[slot] == 0) {
      ::close(control_);
      theirs.reset();
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      // One empty network namespace per slot, for all its boxes (sandbox/box/init.cc says why).
      if (::unshare(CLONE_NEWNET) != 0) ::_exit(1);
      KeeperPlan plan;
      plan.outside_id =
          !separate_ids_ ? 0
                         : kFirstId + static_cast<unsigned>(::getppid()) % (1 << 22) * 256 + slot;
      plan.cgroup = std::move(cgroups_[slot]);
      plan.setups = setups_;
      plan.policies = policies_;
      plan.init_filter = init_filter_;
      keep_slot(std::move(plan), std::move(keepers));
    }
    LauncherSlot name{slot};
    int number = theirs.get();
    box::send_message(control_, &name, sizeof name, &number, 1);
  }

  SandboxOptions options_;
  int control_;
  bool root_ = false, separate_ids_ = false;
  std::vector<std::string> missing_;
  std::optional<CgroupHome> home_;
  std::vector<SlotCgroup> cgroups_;
  std::vector<Setup> setups_;
  std::vector<box::Policy> policies_;
  box::SyscallFilter init_filter_;
  std::vector<pid_t> keepers_;
};

}  // namespace

int run_launcher(const SandboxOptions& options, int control) {
  ::signal(SIGPIPE, SIG_IGN);
  ::setsid();  // a terminal's Ctrl-C asks a run to finish its step, for which it needs its boxes
  Launcher launcher(options, control);
  try {
    RECKON_CHECK(options.slots >= 1 && options.slots <= kMostSlots, "slots");
    launcher.prepare();
    launcher.serve();
  } catch (const Error& error) {
    LauncherHello hello;
    hello.code = static_cast<int32_t>(error.code());
    std::string text = cat(error.problem(), "\n", error.remedy());
    std::memcpy(hello.text, text.data(), std::min(text.size(), sizeof hello.text - 1));
    box::send_message(control, &hello, sizeof hello, nullptr, 0);
    launcher.end();
    return static_cast<int>(error.code());
  }
  launcher.end();
  return 0;
}

}  // namespace reckon
