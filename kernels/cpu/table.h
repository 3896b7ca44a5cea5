// The table of one profile on one instruction set: checks the arguments, then takes the storage
// type's instance. Included after the vector type and, for profile `avx512bf16`, the pairs.
#pragma once

#include "kernels/cpu/attend.h"
#include "kernels/cpu/attention_in.h"
#include "kernels/cpu/head.h"
#include "kernels/cpu/mlp.h"
#include "kernels/cpu/moe.h"

namespace reckon {
namespace {

template <class Args, void (*Float)(const Args&, ThreadPool&),
          void (*Bf16)(const Args&, ThreadPool&)>
void checked(const Args& args, ThreadPool& pool) {
  if (args.rows == 0) return;
  cpu::check(args);
  (args.dtype == DType::f32 ? Float : Bf16)(args, pool);
}

constexpr KernelTable kernel_table(const char* isa) {
  return {
      .profile = ChainOf<bf16>::type::kProfile,
      .isa = isa,
      .embed = checked<EmbedArgs, embed<float>, embed<bf16>>,
      .attention_in = checked<AttentionInArgs, attention_in<float>, attention_in<bf16>>,
      .attend = checked<AttendArgs, attend<float>, attend<bf16>>,
      .attention_out = checked<ProjectArgs, project<float>, project<bf16>>,
      .mlp_in = checked<MlpInArgs, mlp_in<float>, mlp_in<bf16>>,
      .mlp_out = checked<ProjectArgs, project<float>, project<bf16>>,
      .route = checked<RouteArgs, route<float>, route<bf16>>,
      .dispatch = cpu::dispatch,
      .experts = checked<ExpertsArgs, experts<float>, experts<bf16>>,
      .combine = checked<CombineArgs, combine<float>, combine<bf16>>,
      .head = checked<HeadArgs, head<float>, head<bf16>>,
  };
}

}  // namespace
}  // namespace reckon
