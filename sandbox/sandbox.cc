#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "sandbox/box/message.h"
#include "sandbox/launcher.h"

namespace reckon {
namespace {

Error broken(const std::string& what) {
  return Error(Code::unavailable, "sandbox", what,
               "`reckon doctor sandbox` shows what this host offers");
}

std::string launcher_path() {
  std::error_code error;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::filesystem::path path = self.parent_path() / "reckon-sandbox";
  if (!std::filesystem::exists(path, error))
    throw Error(Code::unavailable, path.string(), "the sandbox's program is not there",
                "build it: ./reckon version");
  return path.string();
}

}  // namespace

box::Quota Limits::quota() const {
  box::Quota quota;
  quota.wall_us = static_cast<uint64_t>(wall_s * 1e6);
  quota.cpu_us = static_cast<uint64_t>(cpu_s * 1e6);
  quota.memory_bytes = static_cast<uint64_t>(memory_mb) << 20;
  quota.file_bytes = static_cast<uint64_t>(files_kb) << 10;
  quota.files = 4096;
  quota.processes = static_cast<uint32_t>(processes);
  return quota;
}

Descriptor text_file(std::string_view text) {
  Descriptor file(::memfd_create("text", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) throw broken(cat("memfd_create: ", std::strerror(errno)));
  for (size_t done = 0; done < text.size();) {
    ssize_t written = ::write(file.get(), text.data() + done, text.size() - done);
    if (written <= 0) throw broken(cat("write to memory: ", std::strerror(errno)));
    done += static_cast<size_t>(written);
  }
  ::lseek(file.get(), 0, SEEK_SET);
  ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  return file;
}

Sandbox::Sandbox(const SandboxOptions& options) {
  std::string path = launcher_path();
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    throw broken(cat("socketpair: ", std::strerror(errno)));
  control_.reset(pair[0]);
  Descriptor theirs(pair[1]);
  std::string socket = "3", slots = cat(options.slots), allow = join(options.allow_missing, ","),
              pretend = join(options.pretend_missing, ","), python = options.python;
  char* words[] = {path.data(),    socket.data(), slots.data(), allow.data(),
                   pretend.data(), python.data(), nullptr};
  pid_ = ::fork();
  if (pid_ < 0) throw broken(cat("fork: ", std::strerror(errno)));
  if (pid_ == 0) {  // nothing but system calls up to exec: the process may have other threads
    if (theirs.get() == 3) {
      ::fcntl(3, F_SETFD, 0);
    } else {
      ::dup2(theirs.get(), 3);
    }
    ::execv(words[0], words);
    ::_exit(127);
  }
  theirs.reset();
  LauncherHello hello;
  if (box::receive_message(control_.get(), &hello, sizeof hello, nullptr, nullptr) != sizeof hello)
    throw broken("the launcher ended early");
  hello.text[sizeof hello.text - 1] = 0;
  std::string text = hello.text;
  if (!hello.ok) {
    size_t end = std::min(text.find('\n'), text.size());
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    throw Error(static_cast<Code>(hello.code), "sandbox", text.substr(0, end),
                end < text.size() ? text.substr(end + 1) : "");
  }
  if (!text.empty()) missing_ = split(text, ',');
  if (!missing_.empty())
    log_warning("sandbox",
                cat("running without: ", join(missing_, ", "), " (allowed by allow_missing)"));
  for (int slot = 0; slot < options.slots; ++slot)
    slots_.emplace_back(new Slot(*this, static_cast<uint32_t>(slot), receive_slot()));
}

Sandbox::~Sandbox() {
  slots_.clear();
  control_.reset();
  if (pid_ > 0)
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

Descriptor Sandbox::receive_slot() {
  LauncherSlot name;
  int files[box::kMostFiles], count = 0;
  if (box::receive_message(control_.get(), &name, sizeof name, files, &count) != sizeof name ||
      count != 1)
    throw broken("the launcher is gone");
  return Descriptor(files[0]);
}

Descriptor Sandbox::new_keeper(uint32_t slot) {
  std::lock_guard lock(control_mutex_);
  LauncherSlot request{slot};
  if (!box::send_message(control_.get(), &request, sizeof request, nullptr, 0))
    throw broken("the launcher is gone");
  return receive_slot();
}

void Slot::start(const RunRequest& wanted, const int* files, int count) {
  Request request;
  request.kind = RequestKind::start;
  request.setup = static_cast<uint32_t>(wanted.setup);
  request.mode = static_cast<uint32_t>(wanted.mode);
  request.program = wanted.program >= 0 ? 1 : 0;
  request.file_count = static_cast<uint32_t>(count);
  request.take_output = wanted.take_output ? 1 : 0;
  request.quota = wanted.limits.quota();
  int all[5], used = 0;
  if (wanted.program >= 0) {
    ::lseek(wanted.program, 0, SEEK_SET);
    all[used++] = wanted.program;
  }
  for (int i = 0; i < count; ++i) all[used++] = files[i];
  if (box::send_message(socket_.get(), &request, sizeof request, all, used)) return;
  socket_ =
      sandbox_->new_keeper(index_);  // the old one was killed between two runs: nothing was lost
  if (!box::send_message(socket_.get(), &request, sizeof request, all, used))
    throw broken("a slot's keeper is gone");
}

Ended Slot::finish(bool kill, Descriptor* file) {
  Request request;
  request.kind = RequestKind::kill;
  if (kill) box::send_message(socket_.get(), &request, sizeof request, nullptr, 0);
  Ended ended;
  int files[box::kMostFiles], count = 0;
  if (box::receive_message(socket_.get(), &ended, sizeof ended, files, &count) != sizeof ended) {
    ended = {};
    std::strcpy(ended.problem, "the slot's keeper is gone");
    socket_ = sandbox_->new_keeper(index_);
    return ended;
  }
  for (int i = 0; i < count; ++i) {
    Descriptor one(files[i]);
    if (file != nullptr && i == 0) *file = std::move(one);
  }
  return ended;
}

}  // namespace reckon
