#include "cli/show_text.h"

#include <cstdio>

#include "base/text.h"
#include "cli/arguments.h"

namespace reckon {
namespace {

std::string group_text(const GroupKey& key) {
  return cat(key.phase, "/", key.draw, "/", key.version);
}

std::vector<int32_t> part_of(const fb::SampleT& body, fb::Source source) {
  std::vector<int32_t> ids;
  for (const auto& sequence : body.sequences) {
    for (const auto& segment : sequence->segments) {
      if (segment->source != source) continue;
      ids.insert(ids.end(), sequence->tokens.begin() + segment->begin,
                 sequence->tokens.begin() + segment->end);
    }
  }
  return ids;
}

// The model's tokens in order, as positions of their sequence with their log-probs.
template <class Visit>
void each_sampled_token(const fb::SampleT& body, Visit visit) {
  for (const auto& sequence : body.sequences) {
    size_t scored = 0;
    for (const auto& segment : sequence->segments) {
      if (segment->source != fb::Source_model) continue;
      for (uint32_t i = segment->begin; i < segment->end && scored < sequence->logprobs.size(); ++i)
        visit(i, static_cast<int32_t>(sequence->tokens[i]), sequence->logprobs[scored++]);
    }
  }
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

// Every line behind a bar, so that it is plain what a model wrote.
std::string quoted(const std::string& text) {
  std::string out;
  for (const std::string& line : split(printable(text), '\n')) out += cat("  | ", line, "\n");
  return out;
}

std::string reward_text(const std::optional<fb::OutcomeT>& outcome) {
  if (!outcome) return "not scored yet";
  if (outcome->status != fb::OutcomeStatus_scored)
    return cat("no score: ", fb::EnumNameOutcomeStatus(outcome->status));
  return cat("reward ", number(outcome->value), outcome->correct ? ", correct" : ", not correct");
}

std::string parts_text(const fb::OutcomeT& outcome) {
  std::vector<std::string> parts;
  for (const auto& part : outcome.parts) {
    std::string weight = part->weight == 1 ? "" : cat(" (weight ", number(part->weight), ")");
    parts.push_back(cat(part->name, " ", number(part->value), weight));
  }
  if (!outcome.note.empty()) parts.push_back(cat("note: ", printable(outcome.note)));
  return parts.empty() ? "" : cat("  ", join(parts, ", "), "\n");
}

std::string length_text(const SampleRow& row) {
  const char* end = row.finish == fb::Finish_length ? ", cut at the length limit"
                    : row.finish == fb::Finish_stop ? ""
                                                    : ", given up";
  return cat(row.completion_tokens, row.completion_tokens == 1 ? " token" : " tokens", end);
}

std::string tokens_table(const ShownSample& sample, const Tokenizer& tokenizer) {
  bool reference = !sample.ref_logprob.empty();
  char line[160];
  std::snprintf(line, sizeof line, "  %8s  %10s%s  %s\n", "position", "log-prob",
                reference ? "   reference" : "", "token");
  std::string text = line;
  size_t next = 0;
  each_sampled_token(*sample.body, [&](uint32_t position, int32_t token, float logprob) {
    std::string other;
    if (reference && next < sample.ref_logprob.size()) {
      std::snprintf(line, sizeof line, "  %10.5f", static_cast<double>(sample.ref_logprob[next]));
      other = line;
    }
    ++next;
    std::snprintf(line, sizeof line, "  %8u  %10.5f", position, static_cast<double>(logprob));
    text += cat(line, other, "  ", printable(tokenizer.token_text(token)), "\n");
  });
  return text;
}

std::string mean_logprob_text(const fb::SampleT& body) {
  double sum = 0, count = 0;
  each_sampled_token(body, [&](uint32_t, int32_t, float logprob) {
    sum += static_cast<double>(logprob);
    ++count;
  });
  return count > 0 ? cat(", mean log-prob ", number(sum / count)) : "";
}

std::string heading(const ShownSample& sample, const std::vector<std::string>& phases,
                    const Tokenizer& tokenizer) {
  const SampleRow& row = sample.row;
  std::string consumed = row.consumed ? cat(", trained on in step ", *row.consumed) : "";
  std::string text =
      cat("group ", group_text(row.key.group), ": phase ", stream_name(phases, row.key.group.phase),
          ", draw ", row.key.group.draw, ", data row ", row.row, ", weights of version ",
          row.key.group.version, consumed, "\n");
  if (!sample.body) return text;
  return text + "prompt\n" + quoted(tokenizer.decode(part_of(*sample.body, fb::Source_prompt)));
}

}  // namespace

std::string stream_name(const std::vector<std::string>& phases, PhaseId stream) {
  uint32_t index = stream.value / 2;
  std::string name = index < phases.size() ? phases[index] : cat(index);
  return stream.value % 2 == 0 ? name : name + " (evaluation)";
}

std::string samples_text(const std::vector<ShownSample>& samples,
                         const std::vector<std::string>& phases, const Tokenizer& tokenizer,
                         bool tokens) {
  std::string text;
  for (size_t i = 0; i < samples.size(); ++i) {
    const ShownSample& sample = samples[i];
    bool first = i == 0 || samples[i - 1].row.key.group != sample.row.key.group;
    if (first) text += (i == 0 ? "" : "\n") + heading(sample, phases, tokenizer);
    text += cat("\nsample ", sample.row.key.sample, ": ");
    if (!sample.body) {
      text += cat(length_text(sample.row),
                  "; text and reward were dropped, as run.store.keep_steps says\n");
      continue;
    }
    text += cat(reward_text(sample.outcome), ", ", length_text(sample.row),
                mean_logprob_text(*sample.body), "\n");
    text += quoted(tokenizer.decode(part_of(*sample.body, fb::Source_model)));
    if (sample.outcome) text += parts_text(*sample.outcome);
    if (tokens) text += tokens_table(sample, tokenizer);
  }
  return text;
}

nlohmann::json sample_json(const ShownSample& sample, const std::vector<std::string>& phases,
                           const Tokenizer& tokenizer) {
  const SampleRow& row = sample.row;
  nlohmann::json json = {
      {"key", row.key.text()},
      {"phase", stream_name(phases, row.key.group.phase)},
      {"draw", row.key.group.draw.value},
      {"sample", row.key.sample.value},
      {"row", row.row},
      {"weights", {{"version", row.weights.version.value}, {"digest", row.weights.digest.text()}}},
      {"prompt_tokens", row.prompt_tokens},
      {"completion_tokens", row.completion_tokens},
      {"finish", fb::EnumNameFinish(row.finish)},
      {"pruned", !sample.body},
      {"step", row.consumed ? nlohmann::json(row.consumed->value) : nlohmann::json()}};
  if (sample.body) {
    std::vector<int32_t> ids;
    std::vector<float> logprobs;
    each_sampled_token(*sample.body, [&](uint32_t, int32_t token, float logprob) {
      ids.push_back(token);
      logprobs.push_back(logprob);
    });
    json["prompt"] = tokenizer.decode(part_of(*sample.body, fb::Source_prompt));
    json["completion"] = tokenizer.decode(part_of(*sample.body, fb::Source_model));
    json["tokens"] = ids;
    json["logprobs"] = logprobs;
    if (!sample.ref_logprob.empty()) json["ref_logprobs"] = sample.ref_logprob;
  }
  if (sample.outcome) {
    nlohmann::json parts = nlohmann::json::object();
    for (const auto& part : sample.outcome->parts)
      parts[part->name] = {{"value", part->value}, {"weight", part->weight}};
    json["outcome"] = {{"status", fb::EnumNameOutcomeStatus(sample.outcome->status)},
                       {"value", sample.outcome->value},
                       {"correct", sample.outcome->correct},
                       {"parts", parts},
                       {"note", sample.outcome->note}};
  }
  return json;
}

}  // namespace reckon
