// Hugging Face directories: config.json, sharded safetensors, tokenizer files; out and in again.
// A family (model/families.h) is the table that maps our parameters to the names in files, both
// ways.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "model/safetensors.h"
#include "model/tokenizer.h"
#include "model/weights.h"

namespace reckon {

// What a folder holds beside the values of its weights. An export that is given it writes untouched
// weights byte for byte as they were.
struct ModelSource {
  std::string config, generation_config;    // the files' text; the latter is empty when absent
  std::map<std::string, TensorType> types;  // of the tensors in use, as stored
  std::vector<std::string> skipped;         // tensors that are left out, see is_skipped()
};

struct ExportOptions {
  int64_t shard_bytes = int64_t{2} << 30;  // larger models are cut into shards with an index
  const ModelSource* source = nullptr;     // carries over both configs (unknown keys included) ...
  bool source_types = true;  // ... and the tensors' types; false: all in the weights' own type
};

// Writes config.json, generation_config.json, model*.safetensors and the tokenizer's files into an
// existing folder. The same weights give the same bytes. `weights` must hold the source's types
// exactly (f32 holds all) if untouched tensors are to stay as they were.
void export_hugging_face(const Path& folder, const Weights& weights, const Tokenizer& tokenizer,
                         const ExportOptions& options = {});

struct LoadedModel {
  ModelSpec spec;
  DType dtype = DType::f32;    // as stored in the files
  std::vector<float> masters;  // the arena in fp32 (widening is exact)
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const ModelSource> source;  // null: not read from such a folder
};

// Reads such a folder. Every tensor of the files is used or listed as skipped and every parameter
// filled, or Error(data) names the tensor.
LoadedModel load_hugging_face(const Path& folder);

}  // namespace reckon
