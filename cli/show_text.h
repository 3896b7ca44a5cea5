// A stored sample as text or JSON, for `reckon show`. Pure functions but for standard output.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/tokenizer.h"
#include "storage/store.h"

namespace reckon {

struct ShownSample {
  SampleRow row;
  std::optional<fb::SampleT> body;  // nothing: pruned
  std::optional<fb::OutcomeT> outcome;
  std::vector<float> ref_logprob;  // empty: no reference
};

// "rl", "rl (evaluation)": what a stream of prompts is called in the run file.
std::string stream_name(const std::vector<std::string>& phases, PhaseId stream);

// Groups with their prompts, members with completion and reward; `tokens` adds the table of
// log-probs.
std::string samples_text(const std::vector<ShownSample>& samples,
                         const std::vector<std::string>& phases, const Tokenizer& tokenizer,
                         bool tokens);
nlohmann::json sample_json(const ShownSample& sample, const std::vector<std::string>& phases,
                           const Tokenizer& tokenizer);

}  // namespace reckon
