#include "rollout/kv_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

constexpr size_t kAlignment = 64;

}  // namespace

void KvPages::Free::operator()(std::byte* bytes) const { std::free(bytes); }

size_t KvPages::page_bytes(const ModelSpec& spec, DType dtype) {
  return kv_page_bytes(spec.kv_heads, spec.head_dim, dtype) * spec.layers.size();
}

KvPages::KvPages(const ModelSpec& spec, DType dtype, size_t budget_bytes)
    : page_bytes_(page_bytes(spec, dtype)) {
  size_t count = std::min<size_t>(budget_bytes / page_bytes_, INT32_MAX);
  size_t layer_bytes = count * kv_page_bytes(spec.kv_heads, spec.head_dim, dtype);
  size_t bytes = (layer_bytes * spec.layers.size() + kAlignment - 1) / kAlignment * kAlignment;
  bytes_ = std::max(bytes, kAlignment);
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, bytes_)));
  if (memory_ == nullptr) {
    throw Error(Code::unavailable, "rollout.kv_bytes",
                cat("no memory for ", bytes, " bytes of KV pages"), "lower rollout.kv_bytes");
  }
  for (size_t layer = 0; layer < spec.layers.size(); ++layer) {
    layers_.push_back({memory_.get() + layer * layer_bytes, dtype, spec.kv_heads, spec.head_dim});
  }
  references_.assign(count, 0);
  for (size_t page = count; page > 0; --page) free_.push_back(static_cast<int32_t>(page - 1));
}

int32_t KvPages::take() {
  RECKON_CHECK(!free_.empty(), "no KV page is left");
  int32_t page = free_.back();
  free_.pop_back();
  references_[static_cast<size_t>(page)] = 1;
  return page;
}

void KvPages::share(int32_t page) {
  int32_t& references = references_.at(static_cast<size_t>(page));
  RECKON_CHECK(references > 0, "a free KV page was shared");
  ++references;
}

// Only whole pages of the system that hold nothing else.
void KvPages::sleep() {
  RECKON_CHECK(available() == capacity(), "KV pages are in use");
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto first = (reinterpret_cast<uintptr_t>(memory_.get()) + page - 1) / page * page;
  const auto end = (reinterpret_cast<uintptr_t>(memory_.get()) + bytes_) / page * page;
  if (end > first) ::madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
}

void KvPages::release(int32_t page) {
  int32_t& references = references_.at(static_cast<size_t>(page));
  RECKON_CHECK(references > 0, "a free KV page was released");
  if (--references == 0) free_.push_back(page);
}

}  // namespace reckon
