// The pool of KV pages. A page id stands for one block of kKvPageTokens positions in every layer at
// once, so a sequence has one list of page ids whatever the depth of the model. Pages of a shared
// prompt are counted by reference. The memory is reserved once from a budget in bytes; the system
// backs it page by page as it is written. One thread.
//
//   KvPages pages(spec, DType::bf16, budget_bytes);
//   int32_t page = pages.take();      // one reference
//   pages.share(page);                // two
//   pages.release(page);              // back in the pool after the last one
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/types.h"
#include "model/spec.h"

namespace reckon {

class KvPages {
 public:
  KvPages(const ModelSpec& spec, DType dtype, size_t budget_bytes);

  // Bytes of one page over all layers.
  static size_t page_bytes(const ModelSpec& spec, DType dtype);

  int capacity() const { return static_cast<int>(references_.size()); }
  int available() const { return static_cast<int>(free_.size()); }
  size_t used_bytes() const { return static_cast<size_t>(capacity() - available()) * page_bytes_; }
  const KvPool& layer(int index) const { return layers_[static_cast<size_t>(index)]; }

  int32_t take();            // available() > 0
  void share(int32_t page);  // one more reference to a taken page
  void release(int32_t page);

  // Gives the memory back to the system while no page is taken; the addresses stay, and pages taken
  // later are backed anew as they are written.
  void sleep();

 private:
  struct Free {
    void operator()(std::byte* bytes) const;
  };
  size_t page_bytes_, bytes_;  // of one page; of all
  std::unique_ptr<std::byte[], Free> memory_;
  std::vector<KvPool> layers_;
  std::vector<int32_t> references_;  // per page; 0: free
  std::vector<int32_t> free_;        // a stack: the page given back last is taken first
};

// Pages that positions [first, first + length) touch.
constexpr int kv_blocks(int64_t first, int64_t length) {
  if (length <= 0) return 0;
  return static_cast<int>((first + length - 1) / kKvPageTokens - first / kKvPageTokens + 1);
}

}  // namespace reckon
