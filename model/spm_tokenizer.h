// SentencePiece's byte-pair encoding: neighbours whose joined text is a token are merged, best
// score first; what is no token in the end becomes <0x..> bytes. Immutable, thread-safe.
//
//   SpmModel spm(tokens, scores, types, unknown);
//   spm.encode("\u2581Hello\u2581world", ids);
#pragma once

#include <array>

#include "model/bpe_tokenizer.h"

namespace reckon {

// As tokenizer.ggml.token_type numbers them.
enum class TokenType : int64_t { normal = 1, unknown, control, user, unused, byte };

class SpmModel : public PieceEncoder {
 public:
  SpmModel(const std::vector<std::string>& tokens, const std::vector<double>& scores,
           const std::vector<TokenType>& types, std::optional<int32_t> unknown);
  void encode(std::string_view piece, std::vector<int32_t>& ids) const override;

 private:
  struct Entry {
    int32_t id;
    double score;
  };
  std::unordered_map<std::string, Entry> vocabulary_;  // tokens that text can become
  std::array<int32_t, 256> byte_ids_;
  std::optional<int32_t> unknown_;
};

// The merges, best first, that give a ranked byte-pair encoding the same tokens.
std::vector<std::pair<std::string, std::string>> merges_of_scores(
    const std::vector<std::string>& tokens, const std::vector<double>& scores,
    const std::vector<TokenType>& types);

}  // namespace reckon
