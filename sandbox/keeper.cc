#include "sandbox/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "sandbox/box/enter.h"
#include "sandbox/box/init.h"
#include "sandbox/box/message.h"
#include "sandbox/clock.h"
#include "sandbox/output_file.h"
#include "sandbox/protocol.h"
#include "sandbox/warm_process.h"

namespace reckon {
namespace {

constexpr uint64_t kStartLimit =
    10'000'000;  // microseconds for our own part, before a program begins

char* const kEnvironment[] = {const_cast<char*>("PATH=/usr/bin"), const_cast<char*>("LANG=C.UTF-8"),
                              const_cast<char*>("HOME=/tmp"), const_cast<char*>("TMPDIR=/tmp"),
                              nullptr};

struct Outcome {  // of the program's process
  bool ended = false;
  int status = 0;
};

class Keeper {
 public:
  Keeper(KeeperPlan plan, Descriptor client)
      : plan_(std::move(plan)),
        client_(std::move(client)),
        own_pids_(::open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC)) {}

  void serve() {
    for (;;) {
      Request request;
      int numbers[box::kMostFiles], count = 0;
      if (box::receive_message(client_.get(), &request, sizeof request, numbers, &count) !=
          sizeof request)
        return;
      std::vector<Descriptor> files;
      for (int i = 0; i < count; ++i) files.emplace_back(numbers[i]);
      if (request.kind != RequestKind::start) continue;  // a kill that crossed the end of its run
      Ended ended;
      output_.reset();
      try {
        run(request, files, &ended);
      } catch (const std::exception& error) {
        fail(&ended, error.what());
      }
      int output = output_.get();
      if (!box::send_message(client_.get(), &ended, sizeof ended, &output, output_ ? 1 : 0)) return;
    }
  }

 private:
  static void fail(Ended* ended, const std::string& problem) {
    ended->end = RunEnd::not_started;
    size_t length = std::min(problem.size(), sizeof ended->problem - 1);
    std::memcpy(ended->problem, problem.data(), length);
    ended->problem[length] = 0;
  }

  void run(const Request& request, std::vector<Descriptor>& files, Ended* ended) {
    if (request.setup >= plan_.setups.size() ||
        files.size() != request.program + request.file_count || request.file_count > 4 ||
        request.program > 1)
      return fail(ended, "malformed request");
    const Setup& setup = plan_.setups[request.setup];
    if (!setup.missing.empty()) return fail(ended, setup.missing);
    plan_.cgroup.arm(request.quota);
    uint64_t kills = plan_.cgroup.memory_kills();

    box::Site site;
    std::string tree = "/" + setup.name;
    site.tree = tree.c_str();
    site.outside_id = plan_.outside_id;
    for (const Descriptor& procs : plan_.cgroup.procs())
      site.cgroups[site.cgroup_count++] = procs.get();
    site.filter = &plan_.init_filter;
    box::Init init;
    if (box::Failure failed = box::start_init(site, request.quota, &init))
      return fail(ended, cat(failed.step, ": ", std::strerror(failed.error)));
    Descriptor pidfd(init.pidfd);
    Descriptor root;
    if (request.take_output) root = working_folder(init.pid);

    if (start(request, files, site, pidfd.get(), ended)) watch(request.quota, ended);
    if (root && ended->end == RunEnd::exited && ended->code == 0)
      output_ = take_file(root.get(), "program", request.quota.file_bytes);
    // The init's end is the end of everything in its pid namespace; waiting for it is waiting for
    // all of them.
    ::kill(init.pid, SIGKILL);
    int status;
    if (warm_running_) finish_warm(&status);
    if (native_ > 0) finish_native(&status);
    while (::waitpid(init.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (ended->end == RunEnd::not_started) return;
    ended->memory_bytes = plan_.cgroup.memory_peak();
    ended->cpu_us = plan_.cgroup.present() ? plan_.cgroup.cpu_us() - cpu_before_ : program_cpu_us_;
    if (plan_.cgroup.memory_kills() > kills) ended->killed_for = KilledFor::memory;
    if (ended->killed_for == KilledFor::nothing && ended->cpu_us > request.quota.cpu_us)
      ended->killed_for = KilledFor::cpu;
  }

  // Starts the program in its box and waits until it has begun. False: it did not, `ended` says
  // why.
  bool start(const Request& request, std::vector<Descriptor>& files, const box::Site& site,
             int init, Ended* ended) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(ended, "pipe"), false;
    Descriptor report(ends[0]), theirs(ends[1]);
    box::Ticket ticket;
    ticket.quota = request.quota;
    ticket.mode = request.mode;
    ticket.init = init;
    ticket.report = theirs.get();
    size_t next = 0;
    if (request.program) ticket.program = files[next++].get();
    ticket.file_count = request.file_count;
    for (uint32_t i = 0; i < request.file_count; ++i) ticket.files[i] = files[next++].get();
    ticket.cgroup_count = static_cast<uint32_t>(site.cgroup_count);
    std::copy(std::begin(site.cgroups), std::end(site.cgroups), std::begin(ticket.cgroups));
    if (plan_.setups[request.setup].warm) {
      start_warm(request.setup, ticket);
    } else {
      start_native(request.setup, ticket);
    }
    theirs.reset();
    files.clear();  // only the program's own copies stay open: their end is then an end for the
                    // client, too
    return begun(report.get(), ended);
  }

  bool begun(int report, Ended* ended) {
    pollfd waited = {report, POLLIN, 0};
    if (::poll(&waited, 1, static_cast<int>(kStartLimit / 1000)) <= 0)
      return fail(ended, "the program did not start in time"), false;
    char text[160];
    ssize_t length = ::read(report, text, sizeof text - 1);
    if (length == 2 && std::memcmp(text, "ok", 2) == 0) {
      start_us_ = monotonic_us();
      cpu_before_ = plan_.cgroup.cpu_us();
      return true;
    }
    std::string problem = "the program's process ended before it had entered the box";
    if (char* end = length > 0
                        ? static_cast<char*>(std::memchr(text, '\n', static_cast<size_t>(length)))
                        : nullptr) {
      int error = 0;
      std::memcpy(&error, end + 1, sizeof error);
      problem = cat(std::string(text, end), ": ", std::strerror(error));
    }
    return fail(ended, problem), false;
  }

  void start_warm(uint32_t setup, box::Ticket& ticket) {
    if (!warm_ || warm_setup_ != setup) {
      warm_.reset();
      warm_.emplace(start_warm_process(plan_.setups[setup], plan_.policies[setup]));
      warm_setup_ = setup;
    }
    int numbers[box::kMostFiles], count = 0;
    box::for_each_file(ticket, [&](int file) { numbers[count++] = file; });
    warm_running_ = box::send_message(warm_->socket.get(), &ticket, sizeof ticket, numbers, count);
    if (!warm_running_) {
      warm_.reset();  // the next run starts a new one
      throw Error(Code::unavailable, "sandbox", "the warm interpreter is gone",
                  "it is started again");
    }
  }

  void start_native(uint32_t setup, box::Ticket& ticket) {
    if (box::Failure failed = box::aim(ticket))
      throw Error(Code::unavailable, "sandbox", failed.step, "see docs/sandbox.md");
    native_ = ::fork();
    if (native_ == 0) {
      box::enter_or_die(ticket, plan_.policies[setup]);
      std::vector<char*> words;
      for (const std::string& word : plan_.setups[setup].command)
        words.push_back(const_cast<char*>(word.c_str()));
      bool named = !words.empty();
      if (!named) words.push_back(const_cast<char*>("program"));
      words.push_back(nullptr);
      box::announce(ticket, false);
      if (named) {
        ::execve(words[0], words.data(), kEnvironment);
      } else {
        ::execveat(ticket.program, "", words.data(), kEnvironment, AT_EMPTY_PATH);
      }
      ::_exit(127);
    }
    ::setns(own_pids_.get(), CLONE_NEWPID);
    native_pidfd_.reset(native_ > 0 ? box_pidfd(native_) : -1);
    if (native_ < 0)
      throw Error(Code::unavailable, "sandbox", cat("fork: ", std::strerror(errno)),
                  "free some memory");
  }

  // Waits for the program's end, the client's word or a limit, whichever comes first.
  void watch(const box::Quota& quota, Ended* ended) {
    ended->end = RunEnd::signalled;
    ended->code = SIGKILL;
    uint64_t deadline = start_us_ + quota.wall_us;
    for (;;) {
      uint64_t now = monotonic_us();
      uint64_t cpu = plan_.cgroup.cpu_us() - cpu_before_;
      if (cpu > quota.cpu_us) return stop(ended, KilledFor::cpu);
      if (now >= deadline) return stop(ended, KilledFor::wall);
      // Several processors may burn the rest at once: look again before they could have gone far
      // past it.
      uint64_t wait =
          std::min(deadline - now, std::clamp<uint64_t>((quota.cpu_us - cpu) / 2, 2000, 50000));
      if (!plan_.cgroup.present()) wait = deadline - now;
      pollfd waited[2] = {{warm_running_ ? warm_->socket.get() : native_pidfd_.get(), POLLIN, 0},
                          {client_.get(), POLLIN, 0}};
      timespec time = {static_cast<time_t>(wait / 1000000),
                       static_cast<long>(wait % 1000000 * 1000)};
      if (::ppoll(waited, 2, &time, nullptr) <= 0) continue;
      if (waited[0].revents != 0) {
        ended->wall_us = monotonic_us() - start_us_;
        return settle(ended);
      }
      return stop(ended, KilledFor::client);
    }
  }

  void stop(Ended* ended, KilledFor reason) {
    ended->killed_for = reason;
    ended->wall_us = monotonic_us() - start_us_;
  }

  // Reads how the program ended.
  void settle(Ended* ended) {
    int status = -1;
    if (warm_running_) {
      if (!finish_warm(&status)) return fail(ended, "the warm interpreter ended");
    } else {
      finish_native(&status);
    }
    if (status == -1) return fail(ended, "the program's process could not be made");
    ended->end = WIFEXITED(status) ? RunEnd::exited : RunEnd::signalled;
    ended->code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
  }

  // The interpreter answers once for every run, also for one that was killed.
  bool finish_warm(int* status) {
    warm_running_ = false;
    WarmEnd end;
    bool good =
        box::receive_message(warm_->socket.get(), &end, sizeof end, nullptr, nullptr) == sizeof end;
    if (!good) warm_.reset();
    *status = end.status;
    program_cpu_us_ = end.cpu_us;
    return good;
  }

  void finish_native(int* status) {
    rusage usage = {};
    while (::wait4(native_, status, 0, &usage) < 0 && errno == EINTR) {
    }
    program_cpu_us_ = cpu_time_us(usage);
    native_ = -1;
  }

  KeeperPlan plan_;
  Descriptor client_, own_pids_, output_;
  std::optional<WarmProcess> warm_;
  uint32_t warm_setup_ = 0;
  bool warm_running_ = false;
  pid_t native_ = -1;
  Descriptor native_pidfd_;
  uint64_t start_us_ = 0, cpu_before_ = 0;
  uint64_t program_cpu_us_ = 0;  // of the program's own process, where no cgroup counts for all
};

}  // namespace

void keep_slot(KeeperPlan plan, Descriptor client) {
  ::signal(SIGPIPE, SIG_IGN);
  Keeper(std::move(plan), std::move(client)).serve();
  ::_exit(0);
}

}  // namespace reckon
