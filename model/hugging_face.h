// Hugging Face directories: config.json, sharded safetensors, tokenizer files; out and in again.
// A family (model/families.h) is the table that maps our parameters to the names in files, both
// ways.
#pragma once

#include <memory>
#include <vector>

#include "base/file.h"
#include "model/tokenizer.h"
#include "model/weights.h"

namespace reckon {

struct ExportOptions {
  int64_t shard_bytes = int64_t{2} << 30;  // larger models are cut into shards with an index
};

// Writes config.json, generation_config.json, model*.safetensors and the tokenizer's files into an
// existing folder. The same weights give the same bytes.
void export_hugging_face(const Path& folder, const Weights& weights, const Tokenizer& tokenizer,
                         const ExportOptions& options = {});

struct LoadedModel {
  ModelSpec spec;
  DType dtype = DType::f32;    // as stored in the files
  std::vector<float> masters;  // the arena in fp32 (widening is exact)
  std::shared_ptr<const Tokenizer> tokenizer;
};

// Reads such a folder. Every tensor of the files is used and every parameter filled, or Error(data)
// names the tensor.
LoadedModel load_hugging_face(const Path& folder);

}  // namespace reckon
