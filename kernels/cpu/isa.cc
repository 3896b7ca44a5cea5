#include "base/error.h"
#include "base/text.h"
#include "kernels/cpu/support.h"

namespace reckon {

bool isa_available(Isa isa) {
  switch (isa) {
    case Isa::scalar:
      return true;
    case Isa::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::avx512:
      return isa_available(Isa::avx2) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
  }
  return false;
}

Isa detect_isa() {
  if (isa_available(Isa::avx512)) return Isa::avx512;
  return isa_available(Isa::avx2) ? Isa::avx2 : Isa::scalar;
}

const KernelTable& cpu_kernels(Isa isa) {
  const KernelTable& table = isa == Isa::scalar ? cpu::kPortableScalar
                             : isa == Isa::avx2 ? cpu::kPortableAvx2
                                                : cpu::kPortableAvx512;
  if (!isa_available(isa)) {
    throw Error(
        Code::unavailable, "kernels",
        cat("this processor lacks the instructions of '", table.isa, "'"),
        "choose a narrower instruction set, or none: the widest available is found by itself");
  }
  return table;
}

}  // namespace reckon
