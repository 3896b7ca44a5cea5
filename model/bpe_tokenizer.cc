#include "model/bpe_tokenizer.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/text.h"
#include "model/unicode.h"

namespace reckon {
namespace {

uint64_t pair_key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

struct Symbol {
  int32_t id, previous, next;  // neighbours by index, -1: none
};
struct Candidate {
  uint32_t rank;
  int32_t left;  // index of the left symbol
  int32_t id;    // of the merged token
};
// For a heap whose front is the best: lowest rank, then leftmost.
bool later(const Candidate& a, const Candidate& b) {
  return a.rank != b.rank ? a.rank > b.rank : a.left > b.left;
}

}  // namespace

std::string byte_token_name(int byte) {
  char text[8];
  std::snprintf(text, sizeof text, "<0x%02X>", static_cast<unsigned>(byte) & 0xFF);
  return text;
}

std::optional<int> byte_of_token_name(std::string_view name) {
  static const auto* table = [] {
    auto* names = new std::unordered_map<std::string, int>;
    for (int byte = 0; byte < 256; ++byte) (*names)[byte_token_name(byte)] = byte;
    return names;
  }();
  if (name.size() != 6) return std::nullopt;
  auto found = table->find(std::string(name));
  return found == table->end() ? std::nullopt : std::optional(found->second);
}

BpeModel::BpeModel(BpeParts parts, const std::string& place) : parts_(std::move(parts)) {
  auto id_of = [&](const std::string& token, size_t rank) {
    auto found = parts_.vocabulary.find(token);
    if (found != parts_.vocabulary.end()) return found->second;
    throw Error(Code::data, place,
                cat("merge ", rank, " needs the token '", token, "', which 'vocab' lacks"),
                "the file is damaged");
  };
  merges_.reserve(parts_.merges.size());
  std::string merged;
  for (size_t rank = 0; rank < parts_.merges.size(); ++rank) {
    const auto& [left, right] = parts_.merges[rank];
    merged.assign(left).append(right);
    // A pair that is listed twice counts by its last rank, as in the `tokenizers` library.
    merges_[pair_key(id_of(left, rank), id_of(right, rank))] = {static_cast<uint32_t>(rank),
                                                                id_of(merged, rank)};
  }
  parts_.merges = {};
  for (int byte = 0; byte < 256; ++byte) {
    const std::string name =
        parts_.bytes ? std::string(1, static_cast<char>(byte)) : byte_token_name(byte);
    auto found = parts_.vocabulary.find(name);
    byte_ids_[static_cast<size_t>(byte)] = found == parts_.vocabulary.end() ? -1 : found->second;
  }
}

const BpeModel::Merge* BpeModel::merge_of(int32_t left, int32_t right) const {
  auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void BpeModel::symbols_of(std::string_view piece, std::vector<int32_t>& symbols) const {
  bool unknown_before = false;
  auto push_unknown = [&] {
    if (parts_.unknown && !(parts_.fuse_unknown && unknown_before)) {
      symbols.push_back(*parts_.unknown);
    }
    unknown_before = true;
  };
  std::string text;
  for (size_t at = 0; at < piece.size();) {
    const size_t size = parts_.bytes ? 1 : std::max<size_t>(character_at(piece, at).size, 1);
    const std::string_view symbol = piece.substr(at, size);
    at += size;
    auto byte_id = [&](char c) { return byte_ids_[static_cast<unsigned char>(c)]; };
    if (parts_.bytes) {
      byte_id(symbol[0]) >= 0 ? symbols.push_back(byte_id(symbol[0])) : push_unknown();
      continue;
    }
    auto found = parts_.vocabulary.find(text.assign(symbol));
    if (found != parts_.vocabulary.end()) {
      symbols.push_back(found->second);
      unknown_before = false;
    } else if (parts_.byte_fallback &&
               std::all_of(symbol.begin(), symbol.end(), [&](char c) { return byte_id(c) >= 0; })) {
      for (char c : symbol) symbols.push_back(byte_id(c));
      unknown_before = false;
    } else {
      push_unknown();
    }
  }
}

void BpeModel::encode(std::string_view piece, std::vector<int32_t>& ids) const {
  if (parts_.ignore_merges) {
    auto whole = parts_.vocabulary.find(std::string(piece));
    if (whole != parts_.vocabulary.end()) return ids.push_back(whole->second);
  }
  thread_local std::vector<int32_t> initial;
  thread_local std::vector<Symbol> symbols;
  thread_local std::vector<Candidate> heap;
  initial.clear();
  symbols_of(piece, initial);
  symbols.clear();
  heap.clear();
  const auto count = static_cast<int32_t>(initial.size());
  for (int32_t i = 0; i < count; ++i) {
    symbols.push_back({initial[static_cast<size_t>(i)], i - 1, i + 1 < count ? i + 1 : -1});
  }
  auto at = [&](int32_t index) -> Symbol& { return symbols[static_cast<size_t>(index)]; };
  auto offer = [&](int32_t left) {
    if (left < 0 || at(left).next < 0) return;
    if (const Merge* merge = merge_of(at(left).id, at(at(left).next).id)) {
      heap.push_back({merge->rank, left, merge->id});
      std::push_heap(heap.begin(), heap.end(), later);
    }
  };
  for (int32_t i = 0; i < count; ++i) offer(i);
  constexpr int32_t kGone = -1;
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    const Candidate best = heap.back();
    heap.pop_back();
    Symbol& left = at(best.left);
    if (left.id == kGone || left.next < 0) continue;
    // A neighbour may have merged since the offer was made.
    const Merge* merge = merge_of(left.id, at(left.next).id);
    if (merge == nullptr || merge->rank != best.rank) continue;
    Symbol& right = at(left.next);
    left.id = best.id;
    left.next = right.next;
    right.id = kGone;
    if (left.next >= 0) at(left.next).previous = best.left;
    offer(left.previous);
    offer(best.left);
  }
  for (int32_t i = count > 0 ? 0 : -1; i >= 0; i = at(i).next) ids.push_back(at(i).id);
}

}  // namespace reckon
