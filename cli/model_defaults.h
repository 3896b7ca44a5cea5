// The sampling that a model's own generation_config.json asks for. Pure.
//
//   ModelDefaults defaults = read_model_defaults(text, "generation_config.json");
//   if (defaults.temperature) ...
#pragma once

#include <optional>
#include <string>

namespace reckon {

struct ModelDefaults {
  std::optional<double> temperature, top_p, min_p;
  std::optional<int> top_k;
};

// Only what the file says; nulls say nothing. `do_sample` false is temperature 0 and nothing else.
// Error(usage) names a setting that the sampler does not have, Error(data) a value that is none.
ModelDefaults read_model_defaults(const std::string& text, const std::string& place);

}  // namespace reckon
