// The tensors of a Hugging Face folder, in one file (model.safetensors) or in shards with an index.
// Immutable once open, thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/safetensors.h"

namespace reckon {

class TensorFolder {
 public:
  // Error(no_input): neither form is there. Error(data): index and shards disagree.
  explicit TensorFolder(const Path& folder);
  const NamedTensor* find(const std::string& name) const;
  const std::map<std::string, const NamedTensor*>& tensors() const { return tensors_; }
  const Path& folder() const { return folder_; }

 private:
  void open(const std::string& file_name);
  void open_shards(const Path& index);

  Path folder_;
  std::map<std::string, std::unique_ptr<SafetensorsFile>> files_;
  std::map<std::string, const NamedTensor*> tensors_;
};

// Writes tensors in the given order: one file when they fit in `shard_bytes`, else shards and their
// index.
void write_tensor_folder(const Path& folder, const std::vector<NamedTensor>& tensors,
                         int64_t shard_bytes);

}  // namespace reckon
