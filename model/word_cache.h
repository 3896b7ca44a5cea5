// Token ids of the words seen lately, so that a model splits an ordinary word once. Bounded: it
// forgets everything when it is full. Not thread-safe; each thread at work has its own.
//
//   if (!cache.find(word, ids)) { split(word, ids); cache.insert(word, ids_of_word); }
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reckon {

class WordCache {
 public:
  static constexpr size_t kLongestWord = 64;

  // Appends the ids of `word` and tells whether it is known.
  bool find(std::string_view word, std::vector<int32_t>& ids) const {
    if (slots_.empty()) return false;
    const Entry& entry = slots_[slot_of(word)];
    if (entry.word_size == 0) return false;
    const auto begin = ids_.begin() + entry.ids;
    ids.insert(ids.end(), begin, begin + entry.ids_size);
    return true;
  }

  // `word` is not empty, not known and at most kLongestWord bytes long.
  void insert(std::string_view word, const int32_t* ids, size_t count) {
    if (slots_.empty() || used_ >= kSlots / 2) clear();
    Entry& entry = slots_[slot_of(word)];
    entry = {static_cast<uint32_t>(words_.size()), static_cast<uint32_t>(ids_.size()),
             static_cast<uint16_t>(word.size()), static_cast<uint16_t>(count)};
    words_ += word;
    ids_.insert(ids_.end(), ids, ids + count);
    ++used_;
  }

 private:
  static constexpr size_t kSlots = 1 << 16;
  struct Entry {
    uint32_t word = 0, ids = 0;
    uint16_t word_size = 0, ids_size = 0;
  };

  size_t slot_of(std::string_view word) const {
    size_t slot = XXH3_64bits(word.data(), word.size()) % kSlots;
    for (;; slot = (slot + 1) % kSlots) {
      const Entry& entry = slots_[slot];
      if (entry.word_size == 0) return slot;
      if (std::string_view(words_).substr(entry.word, entry.word_size) == word) return slot;
    }
  }

  void clear() {
    slots_.assign(kSlots, {});
    words_.clear();
    ids_.clear();
    used_ = 0;
  }

  std::vector<Entry> slots_;
  std::string words_;
  std::vector<int32_t> ids_;
  size_t used_ = 0;
};

}  // namespace reckon
