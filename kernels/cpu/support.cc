#include "kernels/cpu/support.h"

#include <algorithm>
#include <new>

#include "base/error.h"

namespace reckon::cpu {

void run_parts(ThreadPool& pool, int parts, PartFunction function, void* context) {
  pool.run(parts, [=](int part) { function(context, part); });
}

int pool_threads(const ThreadPool& pool) { return pool.threads(); }

void* scratch_allocate(size_t bytes) { return ::operator new (bytes, std::align_val_t{64}); }

void scratch_free(void* memory) { ::operator delete (memory, std::align_val_t{64}); }

// Counting sort. While slots are placed, offsets[e] is the next free place of expert e, so that it
// ends as the beginning of e + 1; the last loop shifts it back.
void dispatch(const DispatchArgs& args, ThreadPool&) {
  const int slots = args.rows * args.top_k;
  std::fill_n(args.offsets, args.experts + 1, 0);
  for (int slot = 0; slot < slots; ++slot) {
    RECKON_CHECK(args.ids[slot] >= 0 && args.ids[slot] < args.experts, "expert id out of range");
    ++args.offsets[args.ids[slot] + 1];
  }
  for (int e = 0; e < args.experts; ++e) args.offsets[e + 1] += args.offsets[e];
  for (int slot = 0; slot < slots; ++slot) {
    const int32_t place = args.offsets[args.ids[slot]]++;
    args.order[place] = slot;
    args.place[slot] = place;
  }
  for (int e = args.experts; e > 0; --e) args.offsets[e] = args.offsets[e - 1];
  args.offsets[0] = 0;
}

}  // namespace reckon::cpu
