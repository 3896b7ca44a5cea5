#include "pipeline/protocol.h"

#include <cmath>

#include "base/text.h"

namespace reckon {
namespace {

constexpr size_t kMaxDepth = 16, kMaxTables = 4'000'000;

Error bad_frame(const std::string& problem) {
  return Error(Code::data, "message", problem,
               "a peer that is not Reckon, or a defect: see docs/protocol.md");
}

std::unique_ptr<fb::WeightsId> boxed(const WeightsId& id) {
  return std::make_unique<fb::WeightsId>(to_record(id));
}

bool known_reason(uint8_t reason) {
  return reason >= static_cast<uint8_t>(DeadReason::surplus) &&
         reason <= static_cast<uint8_t>(DeadReason::rewards);
}

// Every table inside that may be absent for the verifier and must not be for us.
std::optional<std::string> problem_in_body(fb::BodyUnion& body) {
  if (body.type == fb::Body_CommitSamples) {
    for (const auto& sample : body.AsCommitSamples()->samples) {
      if (auto problem = problem_in(*sample)) return problem;
    }
  } else if (body.type == fb::Body_CommitColumns) {
    for (const auto& column : body.AsCommitColumns()->columns) {
      if (auto problem = problem_in(*column)) return problem;
    }
  } else if (body.type == fb::Body_CommitStep) {
    const auto& row = body.AsCommitStep()->row;
    if (row && (!row->weights_before || !row->weights_after)) return "a ledger row without weights";
    for (const fb::DeadGroup& entry : body.AsCommitStep()->dead) {
      if (!known_reason(entry.reason())) return "an unknown reason of death";
    }
  }
  return std::nullopt;
}

}  // namespace

std::string encode_message(fb::MessageT& message) {
  flatbuffers::FlatBufferBuilder builder(1024);
  fb::FinishMessageBuffer(builder, fb::Message::Pack(builder, &message));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

fb::MessageT decode(std::string_view frame) {
  std::string
      aligned;  // a frame may start anywhere in the socket's buffer; scalars are read in place
  if (reinterpret_cast<uintptr_t>(frame.data()) % alignof(uint64_t) != 0)
    frame = aligned = std::string(frame);
  const auto* bytes = reinterpret_cast<const uint8_t*>(frame.data());
  flatbuffers::Verifier verifier(bytes, frame.size(), kMaxDepth, kMaxTables);
  if (!fb::VerifyMessageBuffer(verifier)) throw bad_frame("not a well-formed frame");
  const fb::Message* root = fb::GetMessage(bytes);
  if (root->protocol() != kProtocolVersion) {
    throw Error(
        Code::mismatch, "message",
        cat("protocol version ", root->protocol(), ", this program speaks ", kProtocolVersion),
        "run the same build everywhere");
  }
  if (root->body_type() == fb::Body_NONE || root->body_type() > fb::Body_MAX)
    throw bad_frame("unknown kind of message");
  fb::MessageT message;
  root->UnPackTo(&message);
  if (auto problem = problem_in_body(message.body)) throw bad_frame(*problem);
  return message;
}

std::optional<std::string> problem_in(const fb::SampleT& sample) {
  if (auto defect = defect_of(sample)) return "a sample: " + *defect;
  if (sample.finish > fb::Finish_MAX) return "a sample: its finish reason is unknown";
  if (!sample.sampling) return "a sample: it has no sampling parameters";
  for (const auto& sequence : sample.sequences) {
    for (float logprob : sequence->logprobs) {
      if (!std::isfinite(logprob)) return "a sample: a log-prob is not finite";
    }
  }
  return std::nullopt;
}

std::optional<std::string> problem_in(const fb::ColumnT& column) {
  if (auto defect = defect_of(column)) return "a column: " + *defect;
  if (column.scope > fb::Scope_MAX || column.type > fb::ValueType_MAX)
    return "a column: its scope or type is unknown";
  if (column.type != fb::ValueType_outcome) return std::nullopt;
  const auto* outcome = flatbuffers::GetRoot<fb::Outcome>(column.data.data());
  if (outcome->status() > fb::OutcomeStatus_MAX) return "an outcome: its status is unknown";
  if (!std::isfinite(outcome->value()) || !std::isfinite(outcome->raw()))
    return "an outcome: it is not finite";
  return std::nullopt;
}

fb::FailureT to_message(const Error& error) {
  fb::FailureT failure;
  failure.code = static_cast<int>(error.code());
  failure.place = error.place();
  failure.problem = error.problem();
  failure.remedy = error.remedy();
  return failure;
}

Error from_message(const fb::FailureT& failure) {
  return Error(static_cast<Code>(failure.code), failure.place, failure.problem, failure.remedy);
}

fb::GroupKey to_record(const GroupKey& key) {
  return {key.phase.value, key.draw.value, key.version.value};
}

GroupKey from_record(const fb::GroupKey& key) {
  return {PhaseId{key.phase()}, Draw{key.draw()}, Version{key.version()}};
}

fb::OpenCollectT to_message(const CollectSpec& spec) {
  fb::OpenCollectT message;
  message.phase = spec.phase.value;
  message.first = spec.first.value;
  message.groups = spec.groups;
  message.group_size = spec.group_size;
  message.max_draws = spec.max_draws;
  message.lookahead = spec.lookahead;
  message.filter = static_cast<uint8_t>(spec.filter);
  message.ordered = spec.ordered;
  message.max_staleness = spec.max_staleness;
  message.weights = boxed(spec.weights);
  message.count_unscored = spec.count_unscored;
  message.unscored_value = spec.unscored_value;
  return message;
}

CollectSpec from_message(const fb::OpenCollectT& message) {
  if (message.filter > static_cast<uint8_t>(Filter::zero_variance))
    throw bad_frame("an unknown filter");
  if (message.groups == 0 || message.group_size == 0)
    throw bad_frame("a collect of no groups or of empty ones");
  return {.phase = PhaseId{message.phase},
          .first = Draw{message.first},
          .groups = message.groups,
          .group_size = message.group_size,
          .max_draws = message.max_draws,
          .lookahead = message.lookahead,
          .filter = static_cast<Filter>(message.filter),
          .ordered = message.ordered,
          .max_staleness = message.max_staleness,
          .weights = from_record(*message.weights),
          .count_unscored = message.count_unscored,
          .unscored_value = message.unscored_value};
}

fb::BatchT to_message(const BatchPlan& plan) {
  fb::BatchT batch;
  for (const PlannedGroup& group : plan.groups) {
    auto planned = std::make_unique<fb::BatchGroupT>();
    planned->key = std::make_unique<fb::GroupKey>(to_record(group.key));
    for (const PlannedSample& sample : group.samples) {
      const OutcomeRow& outcome = sample.outcome;
      planned->samples.emplace_back(to_record(sample.key), to_record(sample.weights),
                                    sample.prompt_tokens, sample.completion_tokens, sample.finish,
                                    outcome.status, outcome.correct, outcome.value, outcome.raw);
    }
    batch.groups.push_back(std::move(planned));
  }
  batch.next = plan.next.value;
  batch.drawn = plan.drawn;
  batch.zero_variance = plan.zero_variance;
  batch.surplus = plan.surplus;
  batch.stale = plan.stale;
  for (const auto& [status, count] : plan.outcomes) batch.outcomes.emplace_back(status, count);
  batch.raw_sum = plan.raw_sum;
  batch.raw_count = plan.raw_count;
  batch.correct = plan.correct;
  batch.dead = to_message(plan.dead);
  return batch;
}

BatchPlan from_message(const fb::BatchT& batch) {
  BatchPlan plan;
  for (const auto& group : batch.groups) {
    PlannedGroup& planned = plan.groups.emplace_back();
    planned.key = from_record(*group->key);
    for (const fb::BatchSample& sample : group->samples) {
      planned.samples.push_back(
          {.key = from_record(sample.key()),
           .weights = from_record(sample.weights()),
           .prompt_tokens = sample.prompt_tokens(),
           .completion_tokens = sample.completion_tokens(),
           .finish = sample.finish(),
           .outcome = {sample.status(), sample.value(), sample.raw(), sample.correct()}});
    }
  }
  plan.next = Draw{batch.next};
  plan.drawn = batch.drawn;
  plan.zero_variance = batch.zero_variance;
  plan.surplus = batch.surplus;
  plan.stale = batch.stale;
  for (const fb::OutcomeCount& entry : batch.outcomes)
    plan.outcomes[entry.status()] = entry.count();
  plan.raw_sum = batch.raw_sum;
  plan.raw_count = batch.raw_count;
  plan.correct = batch.correct;
  plan.dead = from_message(batch.dead);
  return plan;
}

std::vector<fb::DeadGroup> to_message(const DeadGroups& dead) {
  std::vector<fb::DeadGroup> message;
  for (const auto& [key, reason] : dead)
    message.emplace_back(to_record(key), static_cast<uint8_t>(reason));
  return message;
}

DeadGroups from_message(const std::vector<fb::DeadGroup>& dead) {
  DeadGroups groups;
  for (const fb::DeadGroup& entry : dead) {
    if (!known_reason(entry.reason())) throw bad_frame("an unknown reason of death");
    groups.emplace_back(from_record(entry.key()), static_cast<DeadReason>(entry.reason()));
  }
  return groups;
}

}  // namespace reckon
