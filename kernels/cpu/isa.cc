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
    case Isa::avx512bf16:
      return isa_available(Isa::avx512) && __builtin_cpu_supports("avx512bf16");
  }
  return false;
}

Isa detect_isa() {
  for (Isa isa : {Isa::avx512bf16, Isa::avx512, Isa::avx2}) {
    if (isa_available(isa)) return isa;
  }
  return Isa::scalar;
}

const char* profile_name(Profile profile) {
  return profile == Profile::portable ? "portable" : "avx512bf16";
}

std::optional<Profile> parse_profile(std::string_view name) {
  for (Profile profile : {Profile::portable, Profile::avx512bf16}) {
    if (name == profile_name(profile)) return profile;
  }
  return std::nullopt;
}

Profile fastest_profile() {
  // Measured: on AMD the instruction does 2.8 times the arithmetic of widening and FMA, on Intel's
  // Xeons with AMX 0.6 times.
  const bool worth_it = isa_available(Isa::avx512bf16) && __builtin_cpu_is("amd");
  return worth_it ? Profile::avx512bf16 : Profile::portable;
}

const KernelTable& cpu_kernels(Profile profile, Isa isa) {
  static const KernelTable* const kTables[2][4] = {
      {&cpu::kPortableScalar, &cpu::kPortableAvx2, &cpu::kPortableAvx512, &cpu::kPortableAvx512},
      {&cpu::kAvx512Bf16Scalar, &cpu::kAvx512Bf16Avx2, &cpu::kAvx512Bf16Avx512,
       &cpu::kAvx512Bf16Native}};
  const KernelTable& table = *kTables[static_cast<int>(profile)][static_cast<int>(isa)];
  if (!isa_available(isa)) {
    throw Error(
        Code::unavailable, "kernels",
        cat("this processor lacks the instructions of '", table.isa, "'"),
        "choose a narrower instruction set, or none: the widest available is found by itself");
  }
  return table;
}

const KernelTable& cpu_kernels(Isa isa) { return cpu_kernels(Profile::portable, isa); }

}  // namespace reckon
