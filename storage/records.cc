#include "storage/records.h"

#include <cstring>

#include "base/text.h"

namespace reckon {
namespace {

constexpr size_t kSeal = 16;

struct Lengths {
  uint32_t prompt = 0, completion = 0;
};

Lengths lengths_of(const fb::SampleT& sample) {
  Lengths lengths;
  for (const auto& sequence : sample.sequences) {
    for (const auto& segment : sequence->segments) {
      (segment->source == fb::Source_prompt ? lengths.prompt : lengths.completion) +=
          segment->end - segment->begin;
    }
  }
  return lengths;
}

// Sampling started under the weights of the first model segment.
const fb::WeightsId* weights_of(const fb::SampleT& sample) {
  for (const auto& sequence : sample.sequences) {
    for (const auto& segment : sequence->segments) {
      if (segment->source == fb::Source_model) return segment->weights.get();
    }
  }
  return nullptr;
}

std::optional<std::string> defect_of(const fb::SequenceT& sequence) {
  uint64_t next = 0, by_model = 0;
  for (const auto& segment : sequence.segments) {
    if (segment == nullptr || segment->begin != next || segment->end < segment->begin) {
      return "its segments do not follow one another";
    }
    next = segment->end;
    if (segment->source == fb::Source_model) by_model += segment->end - segment->begin;
  }
  if (next != sequence.tokens.size()) return "its segments do not cover its tokens";
  if (sequence.logprobs.size() != by_model) {
    return cat("it has ", sequence.logprobs.size(), " log-probs for ", by_model,
               " tokens of the model");
  }
  bool filtered = !sequence.kept_threshold.empty() || !sequence.kept_count.empty();
  if (filtered &&
      (sequence.kept_threshold.size() != by_model || sequence.kept_count.size() != by_model)) {
    return "its kept sets do not match its log-probs";
  }
  return std::nullopt;
}

}  // namespace

std::string SampleKey::text() const {
  return cat(group.phase, "/", group.draw, "/", group.version, "/", sample);
}

fb::SampleKey to_record(const SampleKey& key) {
  return {key.group.phase.value, key.sample.value, key.group.draw.value, key.group.version.value};
}

SampleKey from_record(const fb::SampleKey& key) {
  return {{PhaseId{key.phase()}, Draw{key.draw()}, Version{key.version()}},
          SampleIndex{key.sample()}};
}

fb::WeightsId to_record(const WeightsId& id) {
  return {id.version.value, id.digest.high, id.digest.low};
}

WeightsId from_record(const fb::WeightsId& id) {
  return {Version{id.version()}, Digest{id.digest_high(), id.digest_low()}};
}

const char* dead_reason_name(DeadReason reason) {
  switch (reason) {
    case DeadReason::surplus:
      return "surplus";
    case DeadReason::filtered:
      return "filtered";
    case DeadReason::stale:
      return "stale";
    case DeadReason::timeline:
      return "timeline";
    case DeadReason::rewards:
      return "rewards";
  }
  return "unknown";
}

std::optional<std::string> defect_of(const fb::SampleT& sample) {
  if (sample.key == nullptr) return "it has no key";
  if (sample.sequences.empty()) return "it has no sequences";
  for (const auto& sequence : sample.sequences) {
    if (sequence == nullptr) return "it has an empty sequence";
    if (auto defect = defect_of(*sequence)) return defect;
  }
  const fb::WeightsId* weights = weights_of(sample);
  if (weights == nullptr) return "it does not say which weights it was sampled from";
  if (weights->version() != sample.key->version())
    return "the version of its weights is not the one in its key";
  return std::nullopt;
}

std::optional<std::string> defect_of(const fb::ColumnT& column) {
  if (column.key == nullptr) return "it has no key";
  if (column.name.empty()) return "it has no name";
  if (column.type != fb::ValueType_outcome) return std::nullopt;
  std::string_view data(reinterpret_cast<const char*>(column.data.data()), column.data.size());
  if (!unpack<fb::Outcome>(data)) return "its data is not an outcome";
  return std::nullopt;
}

void throw_corrupt(const std::string& place, const std::string& problem) {
  throw Error(Code::store_corrupt, place, problem,
              "the store cannot be trusted: restore its folder from a backup, or start a new run "
              "from the newest checkpoint");
}

void throw_full(const std::string& place) {
  throw Error(Code::io, place, "the disk is full",
              "free some disk space; nothing that was acknowledged is lost");
}

std::string seal(std::string_view payload) {
  Digest digest = digest_of(payload);
  std::string out(kSeal, '\0');
  std::memcpy(out.data(), &digest.high, 8);
  std::memcpy(out.data() + 8, &digest.low, 8);
  return out.append(payload);
}

std::string_view unseal(std::string_view value, const std::string& place) {
  Digest expected;
  if (value.size() < kSeal) throw_corrupt(place, "a record is too short");
  std::memcpy(&expected.high, value.data(), 8);
  std::memcpy(&expected.low, value.data() + 8, 8);
  value.remove_prefix(kSeal);
  if (digest_of(value) != expected) throw_corrupt(place, "a record does not match its checksum");
  return value;
}

std::string pack_body(const fb::SampleT& sample) {
  flatbuffers::FlatBufferBuilder builder(1 << 14);
  fb::SampleT timeless(sample);
  timeless.seconds = 0;
  builder.Finish(fb::Sample::Pack(builder, &timeless));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

fb::ControlRowT control_row(const fb::SampleT& sample, std::string_view body, uint32_t chunks) {
  Lengths lengths = lengths_of(sample);
  Digest content = digest_of(body);
  fb::ControlRowT row;
  row.body_size = body.size();
  row.body_chunks = chunks;
  row.content = std::make_unique<fb::Checksum>(content.high, content.low);
  row.weights = std::make_unique<fb::WeightsId>(*weights_of(sample));
  row.row = sample.row;
  row.prompt_tokens = lengths.prompt;
  row.completion_tokens = lengths.completion;
  row.finish = sample.finish;
  row.seconds = sample.seconds;
  return row;
}

SampleRow sample_row(const SampleKey& key, const fb::ControlRowT& row) {
  if (row.content == nullptr || row.weights == nullptr)
    throw_corrupt(key.text(), "a control row is incomplete");
  SampleRow out;
  out.key = key;
  out.weights = from_record(*row.weights);
  out.row = row.row;
  out.prompt_tokens = row.prompt_tokens;
  out.completion_tokens = row.completion_tokens;
  out.finish = row.finish;
  out.content = {row.content->high(), row.content->low()};
  if (row.consumed != 0) out.consumed = Step{row.consumed};
  return out;
}

}  // namespace reckon
