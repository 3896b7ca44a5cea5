// A client's end of the wire: a thread of its own that keeps the connection, so that a long step
// misses no heartbeat. Requests are kept until they are answered and sent again after a
// reconnection or a restart of the service; the service carries out a repeated one once. Credited
// requests (commits) need no waiting: their unacknowledged bytes are bounded by the service's
// credit. Public functions may be called from any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <zmq.hpp>

#include "base/error.h"
#include "base/ids.h"
#include "pipeline/protocol.h"
#include "pipeline/wake.h"

namespace reckon {

struct ClientOptions {
  std::string endpoint = "inproc://store";
  std::string name{};  // for people: "rollout", "learner"
  fb::Role role = fb::Role_observer;
  std::string run_id{}, numerics{}, model_id{};  // what the service must agree to
  double heartbeat_seconds = 1;  // after three without an answer the connection is made anew
  double resend_seconds = 5;     // a commit without acknowledgement is sent again
  // Called for every sample that the store has acknowledged, with the digest of its content; on the
  // client's thread.
  std::function<void(const SampleKey&, const Digest&)> journal{};
};

struct Welcome {
  uint64_t service = 0;
  Timeline timeline;
  double lease_seconds = 0;
  uint64_t credit_bytes = 0;
};

class Connection {
 public:
  using OnReply = std::function<void(const fb::BodyUnion&)>;  // on the connection's thread

  Connection(zmq::context_t& context, ClientOptions options);
  ~Connection();

  // Queues a request; its reply waits for take().
  template <class Body>
  uint64_t post(Body body) {
    const uint64_t request = next_request();
    enqueue(request, encode(request, std::move(body)));
    return request;
  }
  // Queues a request that nobody takes. Blocks while the credit is used up; false: stopped.
  template <class Body>
  bool post_credited(Body body, OnReply on_reply) {
    const uint64_t request = next_request();
    return enqueue_credited(request, encode(request, std::move(body)), std::move(on_reply));
  }

  // The reply; nothing when stopped or, without `wait`, not there yet. Throws the Error that the
  // service answered with.
  std::optional<fb::BodyUnion> take(uint64_t request, bool wait);
  std::optional<Welcome> welcome();  // waits for the first one; nothing: stopped
  bool flush();                   // waits until every credited request is answered; false: stopped
  void fail(const Error& error);  // every call throws it from now on
  void stop();                    // unblocks every call; the destructor ends the thread

 private:
  struct Outstanding {
    std::string frame;
    OnReply on_reply;  // credited requests only
    double sent = 0;   // 0: waits to be sent
    std::optional<fb::BodyUnion> reply;
  };

  uint64_t next_request();
  void enqueue(uint64_t request, std::string frame);
  bool enqueue_credited(uint64_t request, std::string frame, OnReply on_reply);
  void throw_if_failed() const;

  // On the connection's thread.
  void run();
  void open_socket();
  void say_hello();
  bool send(const std::string& frame);
  void send_waiting();
  void receive();
  void handle(fb::MessageT message);
  void settle(fb::MessageT message);
  void joined(const fb::WelcomeT& welcome);
  void beat(double now);

  zmq::context_t& context_;
  const ClientOptions options_;
  const std::string client_;  // unique, for the service's sessions
  Wake wake_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, Outstanding> outstanding_;  // ascending: the order they are sent in
  std::deque<uint64_t> unsent_;
  uint64_t last_request_ = 0, credited_bytes_ = 0, credited_ = 0;
  std::optional<Welcome> welcome_;
  std::optional<Error> failure_;
  bool stop_ = false;

  zmq::socket_t socket_;
  bool heard_ = false;  // anything, on this socket
  bool joined_ = false;
  bool hello_sent_ = false;  // false: the socket could not take it yet
  uint64_t hello_ = 0;
  double last_heard_ = 0;
  std::thread thread_;
};

}  // namespace reckon
