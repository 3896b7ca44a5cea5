// A run in progress: feeds standard input and reads output and error, with caps, while the caller
// does something else with the program or watches a second run. One thread.
//
//   LiveRun candidate(slot_a, request_a), grader(slot_b, request_b);
//   wait_for(candidate, grader);            // until the second has ended
//   RunResult said = grader.finish(), did = candidate.finish();
#pragma once

#include <poll.h>

#include "sandbox/sandbox.h"

namespace reckon {

class LiveRun {
 public:
  LiveRun(Slot& slot, const RunRequest& request);
  LiveRun(const LiveRun&) = delete;
  ~LiveRun();  // ends the run, if finish() was not called

  // What to wait for, and what to do with what came. done(): the run has ended, or passed its
  // output cap.
  void add_polls(std::vector<pollfd>& polls) const;
  void handle(const pollfd* polls);
  bool done() const { return done_ || result_.output_exceeded; }
  static constexpr size_t kPolls = 4;

  // The end of the run; ends it first if it has not.
  RunResult finish();

 private:
  Slot& slot_;
  size_t cap_;
  std::string_view rest_;
  Descriptor in_, out_, err_;
  RunResult result_;
  bool done_ = false, finished_ = false;
};

// Serves both until `second` is done.
void wait_for(LiveRun& first, LiveRun& second);

}  // namespace reckon
