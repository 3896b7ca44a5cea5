// Real programs under test: start, kill, wait. For tests only; one thread.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/full_length.h"
#include "tests/temporary_folder.h"

namespace reckon {

class Child {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  // Standard output and error go to `log` (appended).
  Child(const std::vector<std::string>& command, const std::filesystem::path& log,
        const Environment& environment = {}) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(fd, 1);
    ::dup2(fd, 2);
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  ~Child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
  }
  Child(const Child&) = delete;

  void signal(int number) { ::kill(pid_, number); }

  // Exit code, or minus the signal's number.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return ended(status);
  }

  // As wait(); kills the child with -9 once `limit` has passed.
  int wait_or_kill(std::chrono::duration<double> limit) {
    auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
      int status = 0;
      if (::waitpid(pid_, &status, WNOHANG) == pid_) return ended(status);
      if (std::chrono::steady_clock::now() >= deadline) {
        signal(SIGKILL);
        return wait();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

 private:
  int ended(int status) {
    pid_ = -1;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }
  pid_t pid_ = -1;
};

}  // namespace reckon
