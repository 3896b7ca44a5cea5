#include "cli/model_defaults.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "model/json_text.h"

namespace reckon {
namespace {

using nlohmann::json;

// Settings that change what is sampled and that the sampler does not have, with the value that
// changes nothing. Null, an empty list and an empty object change nothing either.
struct Unsupported {
  const char* name;
  double neutral;
};
constexpr Unsupported kUnsupported[] = {{"repetition_penalty", 1},
                                        {"encoder_repetition_penalty", 1},
                                        {"presence_penalty", 0},
                                        {"frequency_penalty", 0},
                                        {"no_repeat_ngram_size", 0},
                                        {"encoder_no_repeat_ngram_size", 0},
                                        {"typical_p", 1},
                                        {"epsilon_cutoff", 0},
                                        {"eta_cutoff", 0},
                                        {"penalty_alpha", 0},
                                        {"num_beams", 1},
                                        {"min_length", 0},
                                        {"min_new_tokens", 0},
                                        {"bad_words_ids", 0},
                                        {"suppress_tokens", 0},
                                        {"begin_suppress_tokens", 0},
                                        {"sequence_bias", 0}};

void refuse_unsupported(const json& config, const std::string& place) {
  for (const Unsupported& setting : kUnsupported) {
    auto found = config.find(setting.name);
    if (found == config.end() || found->is_null()) continue;
    if (found->is_number() && found->get<double>() == setting.neutral) continue;
    if (found->is_structured() && found->empty()) continue;
    throw Error(Code::usage, place,
                cat("'", setting.name, "' is ", found->dump(), ", which Reckon does not have"),
                "leave --model-defaults out and say --temperature, --top-k, --top-p yourself");
  }
}

std::optional<double> number(const json& config, const char* name, double low, double high,
                             const std::string& place) {
  auto found = config.find(name);
  if (found == config.end() || found->is_null()) return std::nullopt;
  const bool fits =
      found->is_number() && found->get<double>() >= low && found->get<double>() <= high;
  if (!fits)
    throw Error(Code::data, place,
                cat("'", name, "' is ", found->dump(), ", not a number from ", shortest(low),
                    " to ", shortest(high)),
                "correct the file, or leave --model-defaults out");
  return found->get<double>();
}

}  // namespace

ModelDefaults read_model_defaults(const std::string& text, const std::string& place) {
  const json config = parse_json(text, place);
  if (!config.is_object())
    throw Error(Code::data, place, "is not a JSON object", "use the file of the model");
  refuse_unsupported(config, place);
  ModelDefaults defaults;
  if (config.value("do_sample", json()) == false) {
    defaults.temperature = 0;
    return defaults;
  }
  defaults.temperature = number(config, "temperature", 0, 100, place);
  defaults.top_p = number(config, "top_p", 1e-6, 1, place);
  defaults.min_p = number(config, "min_p", 0, 1, place);
  if (auto top_k = number(config, "top_k", 0, 1000000, place))
    defaults.top_k = static_cast<int>(*top_k);
  return defaults;
}

}  // namespace reckon
