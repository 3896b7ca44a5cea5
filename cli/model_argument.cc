#include "cli/model_argument.h"

#include "base/error.h"
#include "kernels/kernels.h"
#include "storage/checkpoint.h"

namespace reckon {

Path model_folder(const std::string& model) {
  Path folder(model);
  if (std::filesystem::exists(folder / "config.json")) return folder;
  if (std::filesystem::is_directory(folder / "checkpoints")) {
    if (auto found = CheckpointFolder(folder / "checkpoints", 2, 2).newest_valid())
      return found->folder;
  }
  throw Error(Code::no_input, model,
              "is neither a Hugging Face directory (config.json) nor a run's folder (checkpoints/)",
              "give the folder of a run, of a checkpoint or of an exported model");
}

LocalSampler::LocalSampler(const std::string& path, int threads)
    : model(load_hugging_face(model_folder(path))), pool(threads > 0 ? threads : usable_cores()) {
  ParameterLayout layout(model.spec);
  auto weights =
      Weights::publish(model.spec, layout, model.dtype, model.masters.data(), Version{0}, pool);
  engine = std::make_unique<Engine>(model.spec, model.dtype, EngineOptions{},
                                    cpu_kernels(detect_isa()), pool);
  engine->set_weights(weights);
}

}  // namespace reckon
