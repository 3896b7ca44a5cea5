// Built-in tasks: rows that are a pure function of (seed, row), so that nothing has to be
// downloaded and a row is the same on every machine. Immutable, thread-safe. docs/data.md describes
// them for users.
//
//   auto data = make_generator("chained_sum?terms=3&digits=2&split=train", seed);
//   Adding one: a Problem function and an entry in the table of generators.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/dataset.h"

namespace reckon {

// `spec` is "NAME?key=value&...". Error(config), its place() the parameter at fault or "generator".
std::shared_ptr<const Dataset> make_generator(const std::string& spec, uint64_t seed);

struct GeneratorParameter {
  std::string name;
  std::string usual;                 // the default
  int64_t low = 0, high = 0;         // of a number
  std::vector<std::string> choices;  // of a text; then low and high do not matter
  std::string help;
};
// The parameters of one generator, those that all share (rows, seed, split) included.
std::vector<GeneratorParameter> generator_parameters(const std::string& name);

}  // namespace reckon
