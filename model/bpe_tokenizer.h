// Splits a piece of text into tokens: byte-pair encoding by ranked merges, over bytes (GPT-2 and
// its descendants) or over characters with byte fallback (Llama 2, Yi). Immutable, thread-safe.
//
//   BpeModel bpe(std::move(parts), "tokenizer.json");
//   std::vector<int32_t> ids;
//   bpe.encode("hello", ids);   // appends
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace reckon {

class PieceEncoder {
 public:
  virtual ~PieceEncoder() = default;
  virtual void encode(std::string_view piece, std::vector<int32_t>& ids) const = 0;
};

struct BpeParts {
  // The form that merging sees: raw bytes for a byte-level vocabulary.
  std::unordered_map<std::string, int32_t> vocabulary;
  std::vector<std::pair<std::string, std::string>> merges;  // best first
  bool bytes = true;                                        // symbols are bytes, not characters
  bool ignore_merges = false;                               // a piece that is a token is that token
  bool byte_fallback = false;  // a character without a token becomes <0x..> tokens
  bool fuse_unknown = false;
  std::optional<int32_t> unknown;  // nothing: what has no token is dropped
};

class BpeModel : public PieceEncoder {
 public:
  BpeModel(BpeParts parts, const std::string& place);
  void encode(std::string_view piece, std::vector<int32_t>& ids) const override;

 private:
  struct Merge {
    uint32_t rank;
    int32_t id;
  };
  void symbols_of(std::string_view piece, std::vector<int32_t>& symbols) const;
  const Merge* merge_of(int32_t left, int32_t right) const;

  BpeParts parts_;
  std::unordered_map<uint64_t, Merge> merges_;
  std::array<int32_t, 256> byte_ids_;  // -1: no token
};

// "<0x0A>", as SentencePiece names the token of a byte.
std::string byte_token_name(int byte);
std::optional<int> byte_of_token_name(std::string_view name);

}  // namespace reckon
