#include "model/spm_tokenizer.h"

#include <algorithm>
#include <tuple>

#include "model/unicode.h"

namespace reckon {
namespace {

struct Symbol {
  uint32_t begin, size;    // size 0: merged into its left neighbour
  int32_t previous, next;  // by index, -1: none
};
struct Candidate {
  double score;
  int32_t left;
  uint32_t size;  // of the merged text; another size by now means a stale offer
};
bool later(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score < b.score : a.left > b.left;
}

bool made_of_text(TokenType type) { return type == TokenType::normal || type == TokenType::user; }

}  // namespace

SpmModel::SpmModel(const std::vector<std::string>& tokens, const std::vector<double>& scores,
                   const std::vector<TokenType>& types, std::optional<int32_t> unknown)
    : unknown_(unknown) {
  byte_ids_.fill(-1);
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto id = static_cast<int32_t>(i);
    if (types[i] == TokenType::byte) {
      if (auto byte = byte_of_token_name(tokens[i])) byte_ids_[static_cast<size_t>(*byte)] = id;
    } else if (made_of_text(types[i])) {
      vocabulary_.emplace(tokens[i], Entry{id, scores[i]});
    }
  }
}

void SpmModel::encode(std::string_view piece, std::vector<int32_t>& ids) const {
  thread_local std::vector<Symbol> symbols;
  thread_local std::vector<Candidate> heap;
  thread_local std::string text;
  symbols.clear();
  heap.clear();
  for (size_t at = 0; at < piece.size();) {
    const size_t size = std::max<size_t>(character_at(piece, at).size, 1);
    const auto index = static_cast<int32_t>(symbols.size());
    symbols.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(size), index - 1,
                       at + size < piece.size() ? index + 1 : -1});
    at += size;
  }
  auto at = [&](int32_t index) -> Symbol& { return symbols[static_cast<size_t>(index)]; };
  auto offer = [&](int32_t left) {
    if (left < 0 || at(left).next < 0) return;
    const uint32_t size = at(left).size + at(at(left).next).size;
    auto found = vocabulary_.find(text.assign(piece.substr(at(left).begin, size)));
    if (found == vocabulary_.end()) return;
    heap.push_back({found->second.score, left, size});
    std::push_heap(heap.begin(), heap.end(), later);
  };
  for (int32_t i = 0; i < static_cast<int32_t>(symbols.size()); ++i) offer(i);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    const Candidate best = heap.back();
    heap.pop_back();
    Symbol& left = at(best.left);
    if (left.size == 0 || left.next < 0) continue;
    Symbol& right = at(left.next);
    if (left.size + right.size != best.size) continue;
    left.size = best.size;
    left.next = right.next;
    right.size = 0;
    if (left.next >= 0) at(left.next).previous = best.left;
    offer(left.previous);
    offer(best.left);
  }
  for (int32_t i = symbols.empty() ? -1 : 0; i >= 0; i = at(i).next) {
    const std::string_view symbol = piece.substr(at(i).begin, at(i).size);
    auto found = vocabulary_.find(text.assign(symbol));
    if (found != vocabulary_.end()) {
      ids.push_back(found->second.id);
      continue;
    }
    for (char c : symbol) {
      const int32_t id = byte_ids_[static_cast<unsigned char>(c)];
      if (id >= 0) {
        ids.push_back(id);
      } else if (unknown_) {
        ids.push_back(*unknown_);
        break;
      }
    }
  }
}

std::vector<std::pair<std::string, std::string>> merges_of_scores(
    const std::vector<std::string>& tokens, const std::vector<double>& scores,
    const std::vector<TokenType>& types) {
  std::unordered_map<std::string, size_t> ids;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (made_of_text(types[i])) ids.emplace(tokens[i], i);
  }
  struct Merge {
    double score;
    size_t left, right;
  };
  std::vector<Merge> merges;
  for (const auto& [token, id] : ids) {
    for (size_t cut = character_at(token, 0).size; cut > 0 && cut < token.size();) {
      auto left = ids.find(token.substr(0, cut)), right = ids.find(token.substr(cut));
      if (left != ids.end() && right != ids.end()) {
        merges.push_back({scores[id], left->second, right->second});
      }
      const size_t size = character_at(token, cut).size;
      cut = size == 0 ? 0 : cut + size;
    }
  }
  std::sort(merges.begin(), merges.end(), [](const Merge& a, const Merge& b) {
    return std::tuple(-a.score, a.left, a.right) < std::tuple(-b.score, b.left, b.right);
  });
  std::vector<std::pair<std::string, std::string>> out;
  out.reserve(merges.size());
  for (const Merge& merge : merges) out.emplace_back(tokens[merge.left], tokens[merge.right]);
  return out;
}

}  // namespace reckon
