// Names of objectives that people use for two different things: they are refused, with both
// meanings spelled out. Pure data, thread-safe. The run file's reader and the learner look here.
//
//   if (const AmbiguousName* name = ambiguous_name("loss", "clip")) ...  // name->meanings,
//   name->remedy
#pragma once

#include <string_view>

namespace reckon {

struct AmbiguousName {
  std::string_view key;  // of ObjectiveConfig as the run file writes it: "advantage", "loss",
                         // "aggregation", "kl"
  std::string_view name;
  std::string_view meanings;
  std::string_view remedy;
};

// nullptr when `name` is not ambiguous there.
const AmbiguousName* ambiguous_name(std::string_view key, std::string_view name);

}  // namespace reckon
