// GGUF files, versions 2 and 3 (docs/checkpoints_in.md): metadata, vocabulary and tensors behind
// one binary header. Reading maps the file and trusts nothing in it; any flaw is Error(data) that
// names the key or the tensor.
//
//   GgufFile file("model.gguf");
//   std::string kind = file.text("general.architecture");
//   dequantise(file.at("output_norm.weight"), out);     // model/gguf_quants.h
//   GgufVocabulary words = read_vocabulary(file);
//
// An open file is immutable and thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/file.h"

namespace reckon {

// The storage types that are read, with their numbers in files.
enum class GgufType : uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q8_0 = 8,
  q4_k = 12,
  q6_k = 14,
  bf16 = 30
};

struct GgufTensor {
  std::string name;
  GgufType type = GgufType::f32;
  std::vector<int64_t> shape;  // outermost first, as everywhere but in the file itself
  std::string_view bytes;      // rows of whole blocks
  int64_t elements() const;
};

// Integers of every width (and booleans within lists) are int64_t, floats are double.
using GgufValue = std::variant<int64_t, double, bool, std::string, std::vector<int64_t>,
                               std::vector<double>, std::vector<std::string>>;

// What a file says about its tokenizer, as plain data (model/tokenizer.h makes one of it).
struct GgufVocabulary {
  std::string model;                // "gpt2": byte-level BPE; "llama": SentencePiece BPE
  std::string pre;                  // name of the pre-tokenizer's pattern; empty: none given
  std::vector<std::string> tokens;  // by id; of gpt2 in the printable byte alphabet
  std::vector<double> scores;       // empty, or one per token
  std::vector<int64_t> types;       // empty, or one per token:
                                    // 1 normal 2 unknown 3 control 4 user 5 unused 6 byte
  std::vector<std::string> merges;  // "left right", best first
  int32_t bos_id = -1, eos_id = -1, unknown_id = -1, padding_id = -1;  // -1: none
  int32_t eot_id = -1, eom_id = -1;  // ends of a turn and of a message, beside eos
  std::optional<bool> add_bos, add_eos, add_space_prefix;
  std::string chat_template;  // empty: none
};

class GgufFile {
 public:
  explicit GgufFile(const Path& path);
  const Path& path() const { return path_; }
  uint32_t version() const { return version_; }
  const std::vector<GgufTensor>& tensors() const { return tensors_; }  // in the header's order
  const GgufTensor* find(const std::string& name) const;
  const GgufTensor& at(const std::string& name) const;  // Error(data) when there is none

  // Metadata, typed: Error(data) when the key is absent (and `otherwise` is not given) or holds
  // something else.
  bool has(const std::string& key) const { return values_.contains(key); }
  int integer(const std::string& key, std::optional<int> otherwise = {}) const;  // 0 and more
  double number(const std::string& key, std::optional<double> otherwise = {}) const;
  bool flag(const std::string& key, std::optional<bool> otherwise = {}) const;
  std::string text(const std::string& key, std::optional<std::string> otherwise = {}) const;
  // Lists are empty when absent.
  std::vector<std::string> texts(const std::string& key) const;
  std::vector<double> numbers(const std::string& key) const;
  std::vector<int64_t> integers(const std::string& key) const;
  [[noreturn]] void fail(const std::string& what) const;  // Error(data) about this file

 private:
  template <class T>
  const T* value(const std::string& key, const char* kind) const;

  Path path_;
  MappedFile map_;
  uint32_t version_ = 0;
  std::map<std::string, GgufValue> values_;
  std::vector<GgufTensor> tensors_;
  std::map<std::string, size_t> index_;
};

// Error(data) when lists of the vocabulary do not fit each other.
GgufVocabulary read_vocabulary(const GgufFile& file);

}  // namespace reckon
