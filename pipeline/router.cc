#include "pipeline/router.h"

#include <iterator>
#include <vector>
#include <zmq_addon.hpp>

#include "base/error.h"
#include "base/text.h"
#include "pipeline/protocol.h"

namespace reckon {
namespace {

constexpr int kReceiveHighWater = 1000;  // frames per client; then its sends wait
constexpr int kFarewellMs = 200;         // how long the last replies may take to leave

}  // namespace

Router::Router(zmq::context_t& context, const std::string& endpoint)
    : endpoint_(endpoint), socket_(context, zmq::socket_type::router) {
  socket_.set(zmq::sockopt::router_mandatory,
              true);  // a reply to nobody is an error here, not silence
  socket_.set(zmq::sockopt::maxmsgsize, kMaxFrameBytes);
  socket_.set(zmq::sockopt::rcvhwm, kReceiveHighWater);
  socket_.set(zmq::sockopt::sndhwm, 0);  // replies are bounded by requests, and those by credits
  try {
    socket_.bind(endpoint);
  } catch (const zmq::error_t& error) {
    throw Error(Code::unavailable, endpoint, cat("cannot listen: ", error.what()),
                "is the store of this run running already?");
  }
}

Router::~Router() {
  socket_.set(zmq::sockopt::linger, kFarewellMs);
  try {
    socket_.unbind(endpoint_);  // at once, so that a successor can bind the same name
  } catch (const zmq::error_t&) {
    // An address that names no single endpoint (tcp://*:0); closing the socket does it.
  }
}

std::optional<Received> Router::receive() {
  std::vector<zmq::message_t> parts;
  if (!zmq::recv_multipart(socket_, std::back_inserter(parts), zmq::recv_flags::dontwait))
    return std::nullopt;
  Received received{parts[0].to_string(), {}};
  if (parts.size() == 2) received.frame = std::move(parts[1]);
  return received;
}

bool Router::send(const std::string& routing, const std::string& frame) {
  try {
    zmq::message_t address(routing.data(), routing.size()), body(frame.data(), frame.size());
    return socket_.send(address, zmq::send_flags::sndmore | zmq::send_flags::dontwait) &&
           socket_.send(body, zmq::send_flags::dontwait);
  } catch (const zmq::error_t& error) {
    if (error.num() != EHOSTUNREACH) throw;
    return false;
  }
}

}  // namespace reckon
