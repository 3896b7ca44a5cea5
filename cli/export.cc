// reckon export MODEL FOLDER: a plain Hugging Face directory.
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "cli/model_argument.h"
#include "cli/verbs.h"

namespace reckon {
namespace {

void expect_free(const Path& folder) {
  if (!std::filesystem::exists(folder)) return;
  bool is_folder = std::filesystem::is_directory(folder);
  if (is_folder && std::filesystem::is_empty(folder)) return;
  throw Error(Code::usage, folder.string(), is_folder ? "exists and is not empty" : "is a file",
              "choose a new folder");
}

// Whole or not at all, as checkpoints are; without their manifest.
void write_whole(const Path& folder, const Weights& weights, const Tokenizer& tokenizer,
                 const ExportOptions& options) {
  Path temporary = folder;
  temporary += cat(".tmp-", ::getpid());
  std::filesystem::remove_all(temporary);
  std::filesystem::create_directories(temporary);
  export_hugging_face(temporary, weights, tokenizer, options);
  fsync_folder(temporary);
  std::filesystem::rename(temporary, folder);
  fsync_folder(folder.has_parent_path() ? folder.parent_path() : Path("."));
}

void export_model(const std::string& model, const std::string& name, const std::string& dtype) {
  Path folder = Path(name).has_filename() ? Path(name) : Path(name).parent_path();
  expect_free(folder);
  Path source = model_folder(model);
  LoadedModel loaded = load_model(source);
  if (dtype == "f32") loaded.dtype = DType::f32;
  if (dtype == "bf16") loaded.dtype = DType::bf16;
  // Untouched tensors come out byte for byte: published in fp32, written in the type of the files.
  const bool as_stored = dtype == "same" && loaded.source != nullptr;
  const DType stored = loaded.dtype;
  if (as_stored) loaded.dtype = DType::f32;
  ThreadPool pool(usable_cores());
  auto weights = Weights::publish(loaded.spec, ParameterLayout(loaded.spec), loaded.dtype,
                                  loaded.masters.data(), Version{0}, pool);
  write_whole(folder, *weights, *loaded.tokenizer,
              {.source = loaded.source.get(), .source_types = as_stored});
  std::fprintf(stderr, "%s: %s, %ld parameters, %s, from %s\n", folder.c_str(),
               loaded.spec.family.c_str(), loaded.spec.parameter_count(), dtype_name(stored),
               source.c_str());
}

}  // namespace

void add_export(Verb verb) {
  struct Options {
    std::string model, folder, dtype = "same";
  };
  auto options = std::make_shared<Options>();
  CLI::App* app =
      verb.app
          .add_subcommand("export",
                          "Write a Hugging Face directory that `transformers` loads as it is.")
          ->group("Use");
  app->add_option("MODEL", options->model, kModelHelp)->type_name("")->required();
  app->add_option("FOLDER", options->folder, "new or empty folder")->type_name("")->required();
  app->add_option("--dtype", options->dtype, "storage of the weights: same, f32, bf16")
      ->type_name("TYPE")
      ->check(CLI::Validator(
          [](const std::string& text) {
            bool known = text == "same" || text == "f32" || text == "bf16";
            return known ? std::string() : cat("'", text, "' is none of same, f32, bf16");
          },
          ""));
  app->footer("Example:\n  reckon export runs/quickstart my-model --dtype bf16");
  app->callback([options] { export_model(options->model, options->folder, options->dtype); });
}

}  // namespace reckon
