#include "learner/gemm_peer.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "base/clock.h"

namespace reckon {

double gemm_peer_flops(int size, DType dtype, int threads, double seconds) {
  c10::InferenceMode no_gradients;
  int before = at::get_num_threads();
  at::set_num_threads(threads);
  auto type = dtype == DType::bf16 ? at::kBFloat16 : at::kFloat;
  at::Tensor a = at::full({size, size}, 0.5f, type), b = at::full({size, size}, 0.25f, type),
             c = at::full({size, size}, 0.0f, type);
  at::mm_out(c, a, b);
  double best = 0, flops = 2.0 * size * size * size;
  for (double begin = monotonic_seconds(); monotonic_seconds() - begin < seconds || best == 0;) {
    double start = monotonic_seconds();
    at::mm_out(c, a, b);
    best = std::max(best, flops / (monotonic_seconds() - start));
  }
  at::set_num_threads(before);
  return best;
}

}  // namespace reckon
