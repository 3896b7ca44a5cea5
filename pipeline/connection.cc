#include "pipeline/connection.h"

#include <algorithm>
#include <random>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

namespace reckon {
namespace {

constexpr int kSendHighWater = 1000;  // frames; what does not fit waits here, bounded by the credit
constexpr int kFarewellMs = 100;      // how long a closing socket may take to say Bye
constexpr int kSilentBeats = 3;

std::string unique_name(const std::string& name) {
  std::random_device device;
  return cat(name, "-", std::hex, device(), device());
}

}  // namespace

Connection::Connection(zmq::context_t& context, ClientOptions options)
    : context_(context), options_(std::move(options)), client_(unique_name(options_.name)) {
  thread_ = std::thread([this] { run(); });
}

Connection::~Connection() {
  stop();
  thread_.join();
}

void Connection::stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  wake_.signal();
}

void Connection::fail(const Error& error) {
  {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = error;
  }
  changed_.notify_all();
}

void Connection::throw_if_failed() const {
  if (failure_) throw *failure_;
}

uint64_t Connection::next_request() {
  std::lock_guard lock(mutex_);
  return ++last_request_;
}

void Connection::enqueue(uint64_t request, std::string frame) {
  {
    std::lock_guard lock(mutex_);
    throw_if_failed();
    outstanding_[request].frame = std::move(frame);
    unsent_.push_back(request);
  }
  wake_.signal();
}

bool Connection::enqueue_credited(uint64_t request, std::string frame, OnReply on_reply) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return stop_ || failure_ ||
             (welcome_ &&
              (credited_ == 0 || credited_bytes_ + frame.size() <= welcome_->credit_bytes));
    });
    throw_if_failed();
    if (stop_) return false;
    ++credited_;
    credited_bytes_ += frame.size();
    Outstanding& entry = outstanding_[request];
    entry.frame = std::move(frame);
    entry.on_reply = std::move(on_reply);
    unsent_.push_back(request);
  }
  wake_.signal();
  return true;
}

std::optional<fb::BodyUnion> Connection::take(uint64_t request, bool wait) {
  std::unique_lock lock(mutex_);
  const auto entry = outstanding_.find(request);
  RECKON_CHECK(entry != outstanding_.end(), "a reply is taken once");
  const auto ready = [&] { return stop_ || failure_ || entry->second.reply; };
  if (wait) changed_.wait(lock, ready);
  throw_if_failed();
  if (!entry->second.reply) return std::nullopt;
  fb::BodyUnion reply = std::move(*entry->second.reply);
  outstanding_.erase(entry);
  if (const auto* failure = reply.AsFailure()) throw from_message(*failure);
  return reply;
}

std::optional<Welcome> Connection::welcome() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stop_ || failure_ || welcome_; });
  throw_if_failed();
  return stop_ ? std::nullopt : welcome_;
}

bool Connection::flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stop_ || failure_ || credited_ == 0; });
  throw_if_failed();
  return credited_ == 0;
}

void Connection::run() {
  try {
    open_socket();
    double next_beat = monotonic_seconds() + options_.heartbeat_seconds;
    for (;;) {
      bool waiting;
      {
        std::lock_guard lock(mutex_);
        if (stop_) break;
        waiting = !hello_sent_ || (joined_ && !unsent_.empty());
      }
      const auto events = static_cast<short>(waiting ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN);
      zmq::pollitem_t items[] = {{socket_.handle(), 0, events, 0},
                                 {nullptr, wake_.fd(), ZMQ_POLLIN, 0}};
      const double wait = std::max(0.0, next_beat - monotonic_seconds());
      zmq::poll(items, 2, std::chrono::milliseconds(static_cast<int64_t>(wait * 1000) + 1));
      if (items[1].revents) wake_.clear();
      receive();
      if (!hello_sent_ && (items[0].revents & ZMQ_POLLOUT)) say_hello();
      if (monotonic_seconds() >= next_beat) {
        beat(monotonic_seconds());
        next_beat = monotonic_seconds() + options_.heartbeat_seconds;
      }
      if (joined_) send_waiting();
    }
    socket_.set(zmq::sockopt::linger, kFarewellMs);
    if (joined_) send(encode(0, fb::ByeT{}));
  } catch (const Error& error) {
    fail(error);
  } catch (const std::exception& error) {
    fail(Error(Code::internal, options_.name, error.what(),
               "this is a defect of Reckon; please report it"));
  }
  socket_.close();
}

void Connection::open_socket() {
  socket_ = zmq::socket_t(context_, zmq::socket_type::dealer);
  socket_.set(zmq::sockopt::linger, 0);        // what is unanswered is kept here and sent again
  socket_.set(zmq::sockopt::immediate, true);  // nothing is queued for a service that is not there
  socket_.set(zmq::sockopt::maxmsgsize, kMaxFrameBytes);
  socket_.set(zmq::sockopt::sndhwm, kSendHighWater);
  socket_.set(zmq::sockopt::rcvhwm, 0);  // replies are bounded by requests
  socket_.set(zmq::sockopt::reconnect_ivl, 50);
  socket_.set(zmq::sockopt::reconnect_ivl_max, 2000);
  socket_.connect(options_.endpoint);
  heard_ = joined_ = false;
  say_hello();
}

void Connection::say_hello() {
  fb::HelloT hello;
  hello.client = client_;
  hello.name = options_.name;
  hello.role = options_.role;
  hello.run_id = options_.run_id;
  hello.numerics = options_.numerics;
  hello.model_id = options_.model_id;
  hello_ = next_request();
  joined_ = false;
  hello_sent_ = send(encode(hello_, std::move(hello)));
}

bool Connection::send(const std::string& frame) {
  return socket_.send(zmq::const_buffer(frame.data(), frame.size()), zmq::send_flags::dontwait)
      .has_value();
}

void Connection::send_waiting() {
  std::lock_guard lock(mutex_);
  while (!unsent_.empty()) {
    const auto entry = outstanding_.find(unsent_.front());
    if (entry != outstanding_.end() && !entry->second.reply) {
      if (!send(entry->second.frame)) return;
      entry->second.sent = monotonic_seconds();
    }
    unsent_.pop_front();
  }
}

// ZeroMQ connects again by itself but does not register again, and over inproc it does neither.
void Connection::beat(double now) {
  if (heard_ && now - last_heard_ > kSilentBeats * options_.heartbeat_seconds) {
    log_warning(options_.name,
                cat("no answer from the store at ", options_.endpoint, "; connecting again"));
    return open_socket();
  }
  if (!joined_) return say_hello();
  send(encode(0, fb::HeartbeatT{}));
  std::lock_guard lock(mutex_);
  for (auto& [request, entry] : outstanding_) {
    if (!entry.on_reply || entry.sent == 0 || now - entry.sent < options_.resend_seconds) continue;
    entry.sent = 0;
    unsent_.push_back(request);
  }
}

void Connection::receive() {
  zmq::message_t frame;
  while (socket_.recv(frame, zmq::recv_flags::dontwait)) {
    heard_ = true;
    last_heard_ = monotonic_seconds();
    handle(decode(frame.to_string_view()));
  }
}

void Connection::handle(fb::MessageT message) {
  if (const auto* failure = message.body.AsFailure()) {
    if (message.request == 0 || message.request == hello_) return fail(from_message(*failure));
  }
  if (const auto* welcome = message.body.AsWelcome()) {
    if (message.request == hello_) joined(*welcome);
    return;
  }
  if (message.body.type == fb::Body_Rejoin) {
    if (joined_) say_hello();
    return;
  }
  settle(std::move(message));
}

void Connection::joined(const fb::WelcomeT& welcome) {
  joined_ = true;
  {
    std::lock_guard lock(mutex_);
    welcome_ = Welcome{welcome.service, Timeline{welcome.timeline}, welcome.lease_seconds,
                       welcome.credit_bytes};
    unsent_.clear();
    for (auto& [request, entry] : outstanding_) {
      if (entry.reply) continue;
      entry.sent = 0;
      unsent_.push_back(request);
    }
  }
  changed_.notify_all();
}

void Connection::settle(fb::MessageT message) {
  OnReply on_reply;
  {
    std::lock_guard lock(mutex_);
    const auto entry = outstanding_.find(message.request);
    if (entry == outstanding_.end() || entry->second.reply)
      return;  // a heartbeat, or answered twice
    on_reply = entry->second.on_reply;
    if (!on_reply) entry->second.reply = std::move(message.body);
  }
  if (on_reply) {
    if (const auto* failure = message.body.AsFailure()) fail(from_message(*failure));
    on_reply(message.body);
    std::lock_guard lock(mutex_);
    const auto entry = outstanding_.find(message.request);
    credited_bytes_ -= entry->second.frame.size();
    --credited_;
    outstanding_.erase(entry);
  }
  changed_.notify_all();
}

}  // namespace reckon
