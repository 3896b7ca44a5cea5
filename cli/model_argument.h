// The MODEL argument of verbs: the folder of a run (its newest valid checkpoint), of one
// checkpoint, or a Hugging Face directory such as `reckon export` writes.
//
//   LocalSampler sampler("runs/quickstart", /*threads=*/0);
//   sampler.add(request, "the prompt", Code::usage);
//   while (!sampler.engine->idle()) for (Completion& done : sampler.engine->step()) ...
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "base/thread_pool.h"
#include "model/load_model.h"
#include "pipeline/prompt_encoder.h"
#include "rollout/engine.h"

namespace reckon {

constexpr char kModelHelp[] =
    "folder of a run, of a checkpoint, a Hugging Face directory, or a .gguf file";

// The directory with config.json that `model` names. Error(no_input) when there is none;
// Error(data) when a checkpoint does not match its manifest.
Path model_folder(const std::string& model);

// A model ready to sample from. One thread.
struct LocalSampler {
  // `chat_template`: a file to use in place of the model's own; empty: none.
  LocalSampler(const std::string& model, int threads, const std::string& chat_template = "");

  // Queues a group, in parts when its KV would not fit at once; Error(code) that names `place` when
  // the model cannot take the prompt.
  void add(const GroupRequest& request, const std::string& place, Code code);

  Path folder;
  LoadedModel model;
  PromptEncoder prompts;
  ThreadPool pool;
  std::unique_ptr<Engine> engine;
};

}  // namespace reckon
