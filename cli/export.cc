// reckon export MODEL FOLDER: a plain Hugging Face directory.
#include <cstdio>
#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "cli/model_argument.h"
#include "cli/verbs.h"

namespace reckon {
namespace {

void export_model(const std::string& model, const std::string& folder, const std::string& dtype) {
  Path source = model_folder(model);
  LoadedModel loaded = load_hugging_face(source);
  if (dtype == "f32") loaded.dtype = DType::f32;
  if (dtype == "bf16") loaded.dtype = DType::bf16;
  if (std::filesystem::exists(folder) && !std::filesystem::is_empty(folder)) {
    throw Error(Code::io, folder, "exists and is not empty", "choose another folder");
  }
  std::filesystem::create_directories(folder);
  ThreadPool pool(usable_cores());
  ParameterLayout layout(loaded.spec);
  auto weights =
      Weights::publish(loaded.spec, layout, loaded.dtype, loaded.masters.data(), Version{0}, pool);
  export_hugging_face(folder, *weights, *loaded.tokenizer);
  fsync_folder(folder);
  std::printf("%s: %ld parameters, %s, from %s\n", folder.c_str(), loaded.spec.parameter_count(),
              dtype_name(loaded.dtype), source.c_str());
}

}  // namespace

void add_export(Verb verb) {
  struct Options {
    std::string model, folder, dtype = "same";
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = verb.app.add_subcommand("export", "write a Hugging Face directory")->group("Use");
  app->add_option("MODEL", options->model, "run folder or Hugging Face directory")->required();
  app->add_option("FOLDER", options->folder, "new or empty folder")->required();
  app->add_option("--dtype", options->dtype, "storage of the weights")
      ->check(CLI::IsMember({"same", "f32", "bf16"}));
  app->callback([options] { export_model(options->model, options->folder, options->dtype); });
}

}  // namespace reckon
