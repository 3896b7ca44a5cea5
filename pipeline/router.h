// The service's end of the wire: one ROUTER socket with every option set on purpose. Owned by one
// thread at a time.
#pragma once

#include <optional>
#include <string>
#include <zmq.hpp>

namespace reckon {

struct Received {
  std::string routing;   // of the peer; valid until it disconnects
  zmq::message_t frame;  // empty when the peer sent anything but one frame
};

class Router {
 public:
  // Error(unavailable) when the endpoint cannot be bound.
  Router(zmq::context_t& context, const std::string& endpoint);
  ~Router();

  void* handle() { return socket_.handle(); }                       // for zmq::poll
  std::optional<Received> receive();                                // nothing waits: nothing
  bool send(const std::string& routing, const std::string& frame);  // false: the peer is gone

 private:
  std::string endpoint_;
  zmq::socket_t socket_;
};

}  // namespace reckon
