// Shared by the tests of the message layer: a real service over a real store in a folder that goes
// away, clients of every role, and a scripted peer for what a healthy service never does.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <zmq.hpp>
#include <zmq_addon.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "pipeline/client.h"
#include "pipeline/reward_stage.h"
#include "pipeline/store_service.h"
#include "tests/temporary_folder.h"

namespace reckon {

constexpr double kPatience = 10;  // seconds; a test that waits so long has failed

// Polls until `condition` holds.
inline bool eventually(const std::function<bool()>& condition) {
  const double end = monotonic_seconds() + kPatience;
  while (!condition()) {
    if (monotonic_seconds() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

// The value of a future that must come soon.
template <class T>
T soon(std::future<T>& future) {
  if (future.wait_for(std::chrono::duration<double>(kPatience)) != std::future_status::ready) {
    ADD_FAILURE() << "a call did not return";
    std::abort();  // its thread cannot be joined
  }
  return future.get();
}

inline WeightsId weights(uint64_t version) { return {Version{version}, Digest{0, 1000 + version}}; }

inline SampleKey key(uint32_t phase, uint64_t draw, uint64_t version, uint32_t sample) {
  return {{PhaseId{phase}, Draw{draw}, Version{version}}, SampleIndex{sample}};
}

// A prompt of two tokens and `length` tokens of the model.
inline fb::SampleT sample_of(const SampleKey& key, uint32_t length = 3, uint32_t first_token = 7) {
  fb::SampleT sample;
  sample.key = std::make_unique<fb::SampleKey>(to_record(key));
  sample.row = key.group.draw.value * 10;
  sample.sampling = std::make_unique<fb::SamplingT>();
  auto sequence = std::make_unique<fb::SequenceT>();
  sequence->tokens.resize(length + 2);
  std::iota(sequence->tokens.begin(), sequence->tokens.end(), first_token);
  auto prompt = std::make_unique<fb::SegmentT>(), model = std::make_unique<fb::SegmentT>();
  prompt->end = model->begin = 2;
  model->end = length + 2;
  model->source = fb::Source_model;
  model->weights = std::make_unique<fb::WeightsId>(to_record(weights(key.group.version.value)));
  sequence->segments.push_back(std::move(prompt));
  sequence->segments.push_back(std::move(model));
  sequence->logprobs.assign(length, -0.5f);
  sample.sequences.push_back(std::move(sequence));
  return sample;
}

inline fb::ColumnT outcome_of(const SampleKey& key, double raw, Status status = Status::scored) {
  Outcome outcome;
  outcome.status = status;
  outcome.value = outcome.raw = raw;
  return outcome_column(to_record(key), outcome, "test");
}

inline fb::LedgerRowT step_of(uint64_t step, const std::vector<SampleKey>& samples) {
  fb::LedgerRowT row;
  row.step = row.phase_step = step;
  for (const SampleKey& key : samples) row.samples.push_back(to_record(key));
  row.weights_before = std::make_unique<fb::WeightsId>(to_record(weights(step - 1)));
  row.weights_after = std::make_unique<fb::WeightsId>(to_record(weights(step)));
  return row;
}

inline uint64_t rows_of(const Store& store) {
  uint64_t rows = 0;
  store.each_row(std::nullopt, [&](const SampleRow&) { ++rows; });
  return rows;
}

// The error's code, or nothing when none was thrown.
inline std::optional<Code> code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

inline std::vector<fb::SampleT> one(fb::SampleT sample) {
  std::vector<fb::SampleT> samples;
  samples.push_back(std::move(sample));
  return samples;
}

inline std::vector<fb::ColumnT> one(fb::ColumnT column) {
  std::vector<fb::ColumnT> columns;
  columns.push_back(std::move(column));
  return columns;
}

inline CollectSpec collect_of(uint32_t groups, uint32_t group_size) {
  CollectSpec spec;
  spec.groups = groups;
  spec.group_size = group_size;
  spec.weights = weights(0);
  return spec;
}

struct ServiceRig {
  explicit ServiceRig(std::string address = "inproc://store") : endpoint(std::move(address)) {
    if (endpoint == "ipc") endpoint = cat("ipc://", (folder.path() / "socket").string());
  }
  ~ServiceRig() {
    if (service) service->stop();
  }

  void start(rocksdb::Env* env = nullptr) {
    service =
        std::make_unique<StoreService>(context, Store::open(folder.path() / "store", "run", env),
                                       ServiceOptions{.endpoint = endpoint,
                                                      .run_id = "run",
                                                      .numerics = "portable",
                                                      .model_id = "model",
                                                      .lease_seconds = lease_seconds,
                                                      .credit_bytes = credit_bytes});
  }
  void restart() {
    service.reset();
    start();
  }
  // What is on disk; the service is stopped first.
  std::unique_ptr<Store> stored() {
    service.reset();
    return Store::open(folder.path() / "store", "run");
  }

  ClientOptions options(const std::string& name, fb::Role role) const {
    return {.endpoint = endpoint,
            .name = name,
            .role = role,
            .run_id = "run",
            .numerics = "portable",
            .model_id = "model",
            .heartbeat_seconds = heartbeat_seconds,
            .resend_seconds = 5};
  }
  std::unique_ptr<StoreClient> client(const std::string& name, fb::Role role) {
    return std::make_unique<StoreClient>(context, options(name, role));
  }
  std::unique_ptr<StoreClient> learner() { return client("learner", fb::Role_learner); }
  std::unique_ptr<StoreClient> sampler(const std::string& name = "rollout") {
    return client(name, fb::Role_rollout);
  }
  std::unique_ptr<StoreClient> scorer() { return client("reward", fb::Role_reward); }

  std::string endpoint;
  double lease_seconds = 100, heartbeat_seconds = 0.05;
  uint64_t credit_bytes = uint64_t{64} << 20;
  WorkingFolder folder;
  zmq::context_t context{1};
  std::unique_ptr<StoreService> service;
};

// Samples every draw it can lease without waiting, as the key says.
inline size_t sample_all(StoreClient& sampler) {
  size_t samples = 0;
  for (const LeasedPrompt& lease : sampler.lease_prompts(100, true)) {
    for (SampleIndex index : lease.missing) {
      sampler.commit_samples(lease.fence, one(sample_of({lease.group, index})));
      ++samples;
    }
  }
  return samples;
}

// Scores so many samples: raw outcome = sample index.
inline void score_all(StoreClient& scorer, size_t samples) {
  while (samples > 0) {
    for (const LeasedSample& leased : scorer.lease_scores(100, true)) {
      const SampleKey key = from_record(*leased.sample.key);
      scorer.commit_columns(leased.fence, one(outcome_of(key, key.sample.value)));
      --samples;
    }
  }
}

// A ROUTER that does what the test says.
struct ScriptedService {
  ScriptedService(zmq::context_t& context, const std::string& endpoint)
      : socket(context, zmq::socket_type::router) {
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::rcvtimeo, static_cast<int>(kPatience * 1000));
    socket.bind(endpoint);
  }
  // The next message that is no heartbeat.
  fb::MessageT next() {
    for (;;) {
      fb::MessageT message = any();
      if (message.body.type != fb::Body_Heartbeat) return message;
    }
  }
  fb::MessageT any() {
    std::vector<zmq::message_t> parts;
    if (!zmq::recv_multipart(socket, std::back_inserter(parts)))
      throw std::runtime_error("no message came");
    peer = parts.at(0).to_string();
    return decode(parts.at(1).to_string_view());
  }
  template <class Body>
  void reply(uint64_t request, Body body) {
    const std::string frame = encode(request, std::move(body));
    socket.send(zmq::buffer(peer), zmq::send_flags::sndmore);
    socket.send(zmq::buffer(frame), zmq::send_flags::none);
  }
  void welcome(uint64_t credit) {
    const fb::MessageT hello = next();
    ASSERT_EQ(hello.body.type, fb::Body_Hello);
    fb::WelcomeT welcome;
    welcome.service = 1;
    welcome.credit_bytes = credit;
    reply(hello.request, welcome);
  }
  void acknowledge(uint64_t request) {
    fb::CommittedT committed;
    committed.results = {fb::CommitResult_stored};
    committed.contents.resize(1);
    reply(request, committed);
  }

  zmq::socket_t socket;
  std::string peer;
};

}  // namespace reckon
