// Small things that the tests of model/ share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "model/families.h"
#include "model/weights.h"
#include "tests/temporary_folder.h"

namespace reckon {

inline ModelSpec dense_spec() {
  ModelSpec spec{.family = "qwen3",
                 .vocab = 272,
                 .hidden = 24,
                 .heads = 4,
                 .kv_heads = 2,
                 .head_dim = 10,
                 .max_position = 32,
                 .tied_head = true,
                 .layers = {{.ffn = 36, .moe = {}}, {.ffn = 36, .moe = {}}}};
  set_traits(spec);
  return spec;
}

inline ModelSpec moe_spec() {
  ModelSpec spec = dense_spec();
  spec.family = "qwen3_moe";
  spec.tied_head = false;
  for (LayerSpec& layer : spec.layers) {
    layer = {.ffn = 0, .moe = MoeSpec{.experts = 5, .top_k = 2, .ffn = 20, .normalise = true}};
  }
  return spec;
}

inline std::shared_ptr<const Weights> random_weights(const ModelSpec& spec, DType dtype,
                                                     uint64_t seed = 1) {
  ThreadPool pool(2);
  ParameterLayout layout(spec);
  return Weights::publish(spec, layout, dtype, initial_masters(spec, layout, seed).data(),
                          Version{seed}, pool);
}

// The Error that `work` throws; fails the test when it throws none.
template <class Work>
Error error_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return Error(Code::internal, "", "", "");
}

}  // namespace reckon
