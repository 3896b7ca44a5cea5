// The MODEL argument of verbs: a Hugging Face directory, or a run's folder (its newest valid
// checkpoint).
#pragma once

#include <memory>
#include <string>

#include "base/thread_pool.h"
#include "model/hugging_face.h"
#include "rollout/engine.h"

namespace reckon {

// The directory with config.json that `model` names. Error(no_input) when there is none.
Path model_folder(const std::string& model);

// A model ready to sample from.
struct LocalSampler {
  LocalSampler(const std::string& model, int threads);
  LoadedModel model;
  ThreadPool pool;
  std::unique_ptr<Engine> engine;
};

}  // namespace reckon
