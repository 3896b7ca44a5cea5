#include "cli/model_argument.h"

#include <algorithm>

#include "base/text.h"
#include "kernels/kernels.h"
#include "rollout/admission.h"
#include "storage/checkpoint.h"

namespace reckon {
namespace {

constexpr EngineOptions kEngine;

// Samples of the group whose KV fits the budget at once; at least one, which the engine may refuse.
size_t samples_at_once(const LoadedModel& model, const GroupRequest& request) {
  GroupCost cost = group_cost(model.spec, request);
  auto pages =
      static_cast<int64_t>(kEngine.kv_bytes / KvPages::page_bytes(model.spec, model.dtype));
  int64_t fit = (pages - cost.prompt_pages) / std::max(1, cost.sample_pages);
  return static_cast<size_t>(std::clamp<int64_t>(fit, 1, kEngine.max_rows));
}

// One that was asked for is read at once, the model's own when a chat is met.
PromptEncoder::FindTemplate find_template(const Path& folder, const std::string& file) {
  if (file.empty()) return [folder] { return load_chat_template(folder); };
  return [given = load_chat_template(folder, file)] { return given; };
}

}  // namespace

Path model_folder(const std::string& model) {
  Path folder(model);
  if (std::filesystem::is_regular_file(folder)) return folder;  // GGUF
  if (std::filesystem::exists(folder / "config.json")) {
    if (std::filesystem::exists(folder / "manifest.json")) verify_folder(folder);
    return folder;
  }
  if (std::filesystem::is_directory(folder / "checkpoints")) {
    if (auto found = CheckpointFolder(folder / "checkpoints", 2, 2).newest_valid())
      return found->folder;
    throw Error(Code::no_input, model, "has no checkpoint yet",
                "the first one comes after run.checkpoint.every steps, at the end of a phase, or "
                "when the run is stopped with Ctrl-C");
  }
  if (!std::filesystem::exists(folder))
    throw Error(Code::no_input, model, "does not exist", cat("give the ", kModelHelp));
  throw Error(Code::no_input, model, "holds neither config.json (a model) nor checkpoints/ (a run)",
              cat("give the ", kModelHelp));
}

LocalSampler::LocalSampler(const std::string& path, int threads, const std::string& chat_template)
    : folder(model_folder(path)),
      model(load_model(folder)),
      prompts(model.tokenizer, find_template(folder, chat_template)),
      pool(threads > 0 ? threads : usable_cores()) {
  ParameterLayout layout(model.spec);
  auto weights =
      Weights::publish(model.spec, layout, model.dtype, model.masters.data(), Version{0}, pool);
  engine =
      std::make_unique<Engine>(model.spec, model.dtype, kEngine, cpu_kernels(detect_isa()), pool);
  engine->set_weights(weights);
}

void LocalSampler::add(const GroupRequest& request, const std::string& place, Code code) {
  size_t most = static_cast<size_t>(model.spec.max_position) - 1;
  if (request.prompt.empty() || request.prompt.size() > most) {
    throw Error(code, place,
                request.prompt.empty()
                    ? "the prompt is empty"
                    : cat("the prompt has ", request.prompt.size(),
                          " tokens, and the model's positions leave room for ", most),
                cat(code == Code::data ? "change or remove the row: a prompt has 1 to "
                                       : "give a prompt of 1 to ",
                    most, " tokens"));
  }
  size_t part = samples_at_once(model, request);
  for (size_t begin = 0; begin < request.samples.size(); begin += part) {
    GroupRequest piece = request;
    size_t end = std::min(begin + part, request.samples.size());
    piece.samples.assign(request.samples.begin() + static_cast<std::ptrdiff_t>(begin),
                         request.samples.begin() + static_cast<std::ptrdiff_t>(end));
    try {
      engine->add(std::move(piece));
    } catch (const Error& error) {
      throw Error(code, place, error.problem(), "shorten the prompt or lower --max-new-tokens");
    }
  }
}

}  // namespace reckon
