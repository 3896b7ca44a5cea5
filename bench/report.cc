#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "bench/bench.h"

namespace reckon {
namespace {

template <class... Args>
std::string format(const char* pattern, Args... args) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

std::string title(const ModelFigures& model) {
  return format("%s %s, profile %s, %.2f M parameters", model.name.c_str(), dtype_name(model.dtype),
                profile_name(model.profile), model.parameters / 1e6);
}

nlohmann::json model_json(const ModelFigures& model, const MachineRates& machine) {
  nlohmann::json sampler = nlohmann::json::array();
  for (const SamplerFigures& at : model.sampler) {
    sampler.push_back({{"rows", at.rows},
                       {"prefill_tokens_per_s", at.prefill_tokens_per_s},
                       {"tokens_per_s", at.tokens_per_s},
                       {"bytes_per_s", at.bytes_per_s},
                       {"flops", at.flops},
                       {"read_same", at.read_same},
                       {"of_read_bandwidth", at.bytes_per_s / machine.read_all},
                       {"of_read_same", at.bytes_per_s / at.read_same},
                       {"of_gemm", at.flops / machine.gemm_all}});
  }
  const LearnerFigures& learner = model.learner;
  return {{"name", model.name},
          {"dtype", dtype_name(model.dtype)},
          {"profile", profile_name(model.profile)},
          {"parameters", model.parameters},
          {"sampler", sampler},
          {"learner",
           {{"tokens", learner.tokens},
            {"rows", learner.rows},
            {"forward_s", learner.forward_s},
            {"backward_s", learner.backward_s},
            {"optimizer_s", learner.optimizer_s},
            {"publish_s", learner.publish_s},
            {"tokens_per_s", learner.tokens_per_s},
            {"flops", learner.flops},
            {"of_gemm", learner.flops / machine.gemm_all}}}};
}

}  // namespace

std::string report_text(const BenchReport& report) {
  const MachineRates& machine = report.machine;
  std::string text = cat("machine   ", report.processor, ", ", machine.threads,
                         " threads, kernels ", report.kernels, "\n");
  text += format("read      %6.1f GB/s with 1 thread, %6.1f with %d\n", machine.read_one / 1e9,
                 machine.read_all / 1e9, machine.threads);
  text += format("fp32 GEMM %6.1f GFLOP/s with 1 thread, %6.1f with %d (LibTorch, 2048^3)\n",
                 machine.gemm_one / 1e9, machine.gemm_all / 1e9, machine.threads);
  text += format("bf16 GEMM                            %6.1f with %d\n", machine.gemm_bf16 / 1e9,
                 machine.threads);
  for (const ModelFigures& model : report.models) {
    text += cat("\n", title(model), "\n");
    for (const SamplerFigures& at : model.sampler) {
      text += format(
          "  sampler, %3d rows %8.0f tok/s %7.2f GB/s = %.2f of memory, %.2f of a buffer this "
          "size\n",
          at.rows, at.tokens_per_s, at.bytes_per_s / 1e9, at.bytes_per_s / machine.read_all,
          at.bytes_per_s / at.read_same);
      text += format(
          "                                   %7.1f GFLOP/s = %.2f of GEMM; prefill %.0f tok/s\n",
          at.flops / 1e9, at.flops / machine.gemm_all, at.prefill_tokens_per_s);
    }
    const LearnerFigures& learner = model.learner;
    text += format("  learner           %8.0f tok/s %7.1f GFLOP/s = %.2f of GEMM\n",
                   learner.tokens_per_s, learner.flops / 1e9, learner.flops / machine.gemm_all);
    text += format(
        "    %.0f tokens: forward %.3f s, backward %.3f s, optimizer %.4f s; publishing %.4f s\n",
        learner.tokens, learner.forward_s, learner.backward_s, learner.optimizer_s,
        learner.publish_s);
  }
  if (report.moved > 0.1) {
    text += format(
        "\nThe yardsticks moved by %.0f %% during the run: something else was running, do not "
        "quote this.\n",
        100 * report.moved);
  }
  return text;
}

std::string report_json(const BenchReport& report) {
  const MachineRates& machine = report.machine;
  nlohmann::json models = nlohmann::json::array();
  for (const ModelFigures& model : report.models) models.push_back(model_json(model, machine));
  nlohmann::json json = {{"date", report.date},
                         {"processor", report.processor},
                         {"kernels", report.kernels},
                         {"moved", report.moved},
                         {"machine",
                          {{"threads", machine.threads},
                           {"read_one", machine.read_one},
                           {"read_all", machine.read_all},
                           {"gemm_one", machine.gemm_one},
                           {"gemm_all", machine.gemm_all},
                           {"gemm_bf16", machine.gemm_bf16}}},
                         {"models", models}};
  return json.dump(2) + "\n";
}

}  // namespace reckon
