# Every third-party part, as imported targets. `./reckon` installs them; cmake/packages.txt lists the Debian packages.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(RocksDB REQUIRED)
find_package(GTest REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(benchmark REQUIRED)
find_program(FLATC_PROGRAM flatc REQUIRED)
find_library(XXHASH_LIBRARY xxhash REQUIRED)
find_library(ZMQ_LIBRARY zmq REQUIRED)
find_library(FLATBUFFERS_LIBRARY flatbuffers REQUIRED)
find_library(GMP_LIBRARY gmp REQUIRED)
find_library(GMPXX_LIBRARY gmpxx REQUIRED)
find_library(MPFR_LIBRARY mpfr REQUIRED)
find_library(MPFI_LIBRARY mpfi REQUIRED)
find_library(SECCOMP_LIBRARY seccomp REQUIRED)
find_library(PCRE2_LIBRARY pcre2-8 REQUIRED)
find_library(UTF8PROC_LIBRARY utf8proc REQUIRED)

# LibTorch out of the `torch` wheel, by hand: find_package(Torch) changes flags that are not its own. Only learner/
# and what links it see these targets; the wheel's headers come last because they carry copies of other libraries.
set(RECKON_TORCH_ROOT "$ENV{HOME}/.cache/reckon/torch-2.11.0-cpu" CACHE PATH
    "folder that holds the unpacked torch and nvidia wheels")
if(NOT EXISTS ${RECKON_TORCH_ROOT}/torch/lib/libtorch_cpu.so)
  message(FATAL_ERROR "no LibTorch under ${RECKON_TORCH_ROOT}; run ./reckon, which fetches it")
endif()
set(RECKON_TORCH_LIB ${RECKON_TORCH_ROOT}/torch/lib)
file(GLOB RECKON_CUDA_LIB ${RECKON_TORCH_ROOT}/nvidia/cu13/lib)
add_library(reckon_libtorch INTERFACE)
target_compile_options(reckon_libtorch INTERFACE
  "SHELL:-idirafter ${RECKON_TORCH_ROOT}/torch/include"
  "SHELL:-idirafter ${RECKON_TORCH_ROOT}/torch/include/torch/csrc/api/include")
target_link_libraries(reckon_libtorch INTERFACE ${RECKON_TORCH_LIB}/libtorch_cpu.so ${RECKON_TORCH_LIB}/libc10.so)
target_link_options(reckon_libtorch INTERFACE
  "LINKER:-rpath,${RECKON_TORCH_LIB}:${RECKON_CUDA_LIB}" "LINKER:--disable-new-dtags" "LINKER:--allow-shlib-undefined")
