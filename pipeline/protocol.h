// The messages of docs/protocol.md as bytes and as values. One message is one frame; every frame
// from outside is verified before it is read. Pure functions, no I/O.
//
//   fb::LeasePromptsT ask;  ask.max = 4;
//   std::string frame = encode(7, std::move(ask));
//   fb::MessageT message = decode(frame);               // Error when it is not a message of this
//   protocol message.body.AsLeasePrompts()->max == 4
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "pipeline/protocol_generated.h"
#include "storage/dispatcher.h"

namespace reckon {

constexpr uint32_t kProtocolVersion = 1;
constexpr int64_t kMaxFrameBytes = int64_t{256} << 20;  // larger ones close the sender's connection
constexpr uint64_t kBodiesBytes = uint64_t{32}
                                  << 20;  // a reply to Fetch stops after this many bytes of bodies

std::string encode_message(fb::MessageT& message);

// The frame of one message; `body` is one of the tables of the union, as a value (fb::HelloT, ...).
template <class Body>
std::string encode(uint64_t request, Body body) {
  fb::MessageT message;
  message.protocol = kProtocolVersion;
  message.request = request;
  message.body.Set(std::move(body));
  return encode_message(message);
}

// Error(data): damaged, empty or inconsistent; Error(mismatch): another version of the protocol,
// both are named.
fb::MessageT decode(std::string_view frame);

// What is wrong with a record that a client sent, or nothing. The verifier has proved its shape,
// not its sense.
std::optional<std::string> problem_in(const fb::SampleT& sample);
std::optional<std::string> problem_in(const fb::ColumnT& column);

// Errors cross a socket as a message.
fb::FailureT to_message(const Error& error);
Error from_message(const fb::FailureT& failure);

fb::GroupKey to_record(const GroupKey& key);
GroupKey from_record(const fb::GroupKey& key);

fb::OpenCollectT to_message(const CollectSpec& spec);
CollectSpec from_message(
    const fb::OpenCollectT& message);  // Error(data): an unknown filter, a group of nobody

fb::BatchT to_message(const BatchPlan& plan);
BatchPlan from_message(const fb::BatchT& batch);

using DeadGroups = std::vector<std::pair<GroupKey, DeadReason>>;
std::vector<fb::DeadGroup> to_message(const DeadGroups& dead);
DeadGroups from_message(const std::vector<fb::DeadGroup>& dead);  // Error(data): an unknown reason

}  // namespace reckon
