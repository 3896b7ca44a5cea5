#include "sandbox/live_run.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

struct Pipe {
  Descriptor read, write;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw Error(Code::unavailable, "sandbox", cat("pipe: ", std::strerror(errno)),
                "raise the limit of open files (ulimit -n)");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void never_wait(const Descriptor& file) {
  ::fcntl(file.get(), F_SETFL, ::fcntl(file.get(), F_GETFL) | O_NONBLOCK);
}

// Writes what fits now; closes at the end, or when the program no longer reads.
void feed(Descriptor& file, std::string_view& rest) {
  while (!rest.empty()) {
    ssize_t written = ::write(file.get(), rest.data(), rest.size());
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;
    rest.remove_prefix(static_cast<size_t>(written));
  }
  file.reset();
}

// Reads what is there. True: more than `cap` came.
bool drain(Descriptor& file, std::string& text, size_t cap) {
  char piece[65536];
  for (;;) {
    ssize_t length = ::read(file.get(), piece, sizeof piece);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == EAGAIN) return false;
    if (length <= 0) {
      file.reset();
      return false;
    }
    size_t room = cap - text.size();
    text.append(piece, std::min(room, static_cast<size_t>(length)));
    if (static_cast<size_t>(length) > room) return true;
  }
}

}  // namespace

LiveRun::LiveRun(Slot& slot, const RunRequest& request)
    : slot_(slot),
      cap_(static_cast<size_t>(request.limits.output_kb) * 1024),
      rest_(request.input) {
  ::signal(SIGPIPE, SIG_IGN);  // a program may close its standard input at any time
  Pipe in = make_pipe(), out = make_pipe(), err = make_pipe();
  int files[4] = {in.read.get(), out.write.get(), err.write.get(), request.channel};
  in_ = std::move(in.write);
  out_ = std::move(out.read);
  err_ = std::move(err.read);
  for (const Descriptor* file : {&in_, &out_, &err_}) never_wait(*file);
  slot_.start(request, files, request.channel >= 0 ? 4 : 3);
  feed(in_, rest_);
}

LiveRun::~LiveRun() {
  if (!finished_) finish();
}

void LiveRun::add_polls(std::vector<pollfd>& polls) const {
  polls.insert(polls.end(), {{done_ ? -1 : slot_.socket(), POLLIN, 0},
                             {out_.get(), POLLIN, 0},
                             {err_.get(), POLLIN, 0},
                             {in_.get(), POLLOUT, 0}});
}

void LiveRun::handle(const pollfd* polls) {
  if (polls[3].revents != 0) feed(in_, rest_);
  if (polls[1].revents != 0) result_.output_exceeded |= drain(out_, result_.output, cap_);
  if (polls[2].revents != 0) result_.output_exceeded |= drain(err_, result_.error, cap_);
  done_ = done_ || polls[0].revents != 0;
}

RunResult LiveRun::finish() {
  finished_ = true;
  result_.ended = slot_.finish(!done_, &result_.file);
  // Every process of the box is gone: what is still in the pipes is all there will be.
  if (!result_.output_exceeded && out_)
    result_.output_exceeded |= drain(out_, result_.output, cap_);
  if (!result_.output_exceeded && err_) result_.output_exceeded |= drain(err_, result_.error, cap_);
  return std::move(result_);
}

void wait_for(LiveRun& first, LiveRun& second) {
  std::vector<pollfd> polls;
  while (!second.done()) {
    polls.clear();
    if (!first.done()) first.add_polls(polls);
    second.add_polls(polls);
    if (::poll(polls.data(), polls.size(), -1) < 0) continue;
    bool both = polls.size() > LiveRun::kPolls;
    if (both) first.handle(polls.data());
    second.handle(polls.data() + (both ? LiveRun::kPolls : 0));
  }
}

RunResult Slot::run(const RunRequest& request) {
  LiveRun live(*this, request);
  std::vector<pollfd> polls;
  while (!live.done()) {
    polls.clear();
    live.add_polls(polls);
    if (::poll(polls.data(), polls.size(), -1) > 0) live.handle(polls.data());
  }
  return live.finish();
}

}  // namespace reckon
