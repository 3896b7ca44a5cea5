// Running programs that nobody trusts. A Sandbox is a launcher process with slots; a Slot runs one
// program at a time, each in a box of its own. Fail-closed: where isolation is missing, the
// constructor throws. Each Slot belongs to one thread at a time, different slots to any.
//
//   Sandbox sandbox({.slots = 2});
//   RunResult run = sandbox.slot(0).run({.setup = SetupId::python, .program =
//   text_file("print(6*7)"), .input = "", .limits = {}}); run.ended.end == RunEnd::exited &&
//   run.ended.code == 0 && run.output == "42\n"
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/descriptor.h"
#include "sandbox/options.h"
#include "sandbox/protocol.h"
#include "sandbox/setups.h"

namespace reckon {

struct Limits {
  double wall_s = 12, cpu_s = 4;
  int64_t memory_mb = 512, output_kb = 1024, files_kb = 65536;
  int processes = 64;

  box::Quota quota() const;
};

// What a program of a warm interpreter is to do (sandbox/zygote.py).
enum class WarmMode : uint32_t { program = 0, serve = 1, grade = 2 };

struct RunRequest {
  SetupId setup = SetupId::python;
  WarmMode mode = WarmMode::program;
  int program = -1;          // a file: source text for a warm interpreter, else an executable
  std::string_view input;    // standard input, then its end
  int channel = -1;          // becomes descriptor 3
  bool take_output = false;  // the file /tmp/program, when the program ended well
  Limits limits;
};

struct RunResult {
  Ended ended;
  bool output_exceeded = false;
  std::string output, error;  // no longer than the cap
  Descriptor file;            // take_output
};

class Sandbox;

class Slot {
 public:
  RunResult run(const RunRequest& request);

  // The parts of run() (sandbox/live_run.h): start hands over the files (0, 1, 2 and perhaps 3),
  // finish waits for the end (and first ends it, when `kill`).
  void start(const RunRequest& request, const int* files, int count);
  Ended finish(bool kill, Descriptor* file = nullptr);
  int socket() const { return socket_.get(); }  // readable when the run has ended

 private:
  friend class Sandbox;
  Slot(Sandbox& sandbox, uint32_t index, Descriptor socket)
      : sandbox_(&sandbox), index_(index), socket_(std::move(socket)) {}
  Sandbox* sandbox_;
  uint32_t index_;
  Descriptor socket_;
};

class Sandbox {
 public:
  explicit Sandbox(const SandboxOptions& options);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;

  Slot& slot(int index) { return *slots_[static_cast<size_t>(index)]; }
  int slots() const { return static_cast<int>(slots_.size()); }
  const std::vector<std::string>& missing() const { return missing_; }  // isolation this host lacks
  pid_t launcher() const { return pid_; }

 private:
  friend class Slot;
  Descriptor new_keeper(uint32_t slot);
  Descriptor receive_slot();

  pid_t pid_ = -1;
  Descriptor control_;
  std::mutex control_mutex_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::string> missing_;
};

// A sealed file in memory that holds `text`.
Descriptor text_file(std::string_view text);

}  // namespace reckon
