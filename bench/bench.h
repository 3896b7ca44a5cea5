// `reckon bench`: how fast sampler and learner are, beside what this machine can do at best, in one
// run (docs/benchmarks.md).
//
//   run_bench({.config = "configs/quickstart.toml"});   // a table on standard output
//   run_bench({.model = "SmolLM2-135M-Instruct.Q4_1.gguf"});
//
// Takes about a minute; a checkpoint of 135M parameters takes ten. Nothing else should be running:
// all figures are of the whole machine.
#pragma once

#include <string>
#include <vector>

#include "bench/machine.h"
#include "kernels/kernels.h"

namespace reckon {

struct BenchOptions {
  std::string config = "configs/quickstart.toml";  // its model is the first one measured
  std::string model;   // a checkpoint to measure instead, in every profile of this machine
  bool json = false;   // run_bench() prints report_json() instead of report_text()
  int threads = 0;     // 0: all cores
  double seconds = 1;  // per yardstick; the work of sampler and learner is fixed
};

// Decoding `rows` completions at once, and the prefill of as many prompts apart. Median of three.
struct SamplerFigures {
  int rows = 0;
  double prefill_tokens_per_s = 0;  // `rows` different prompts in one forward
  double tokens_per_s = 0;
  double bytes_per_s = 0;  // weights and KV that decoding has to read
  double read_same = 0;    // bytes/s at which this machine reads a buffer as large, over and over
  double flops = 0;        // FLOP/s
};

// One optimizer update. Median of three.
struct LearnerFigures {
  double tokens = 0, rows = 0;  // completion tokens trained; rows of the forward, prompts included
  double forward_s = 0, backward_s = 0, optimizer_s = 0, publish_s = 0;
  double tokens_per_s = 0, flops = 0;  // over forward, backward and optimizer
};

struct ModelFigures {
  std::string name;  // "quickstart", "dense30m", or the checkpoint's file
  Profile profile = Profile::portable;
  DType dtype = DType::f32;
  double parameters = 0;
  std::vector<SamplerFigures> sampler;  // one completion, then many
  LearnerFigures learner;
};

struct BenchReport {
  std::string processor, kernels, date;  // the date in UTC
  MachineRates machine;                  // the better of before and after the models
  double moved = 0;  // greatest relative difference between the two: above 0.1 something else ran
  std::vector<ModelFigures> models;
};

// Measures and prints. Error(config) or Error(no_input) when the run file cannot be read.
void run_bench(const BenchOptions& options);

BenchReport measure(const BenchOptions& options);
std::string report_text(const BenchReport& report);
std::string report_json(
    const BenchReport& report);  // one object, indented: a file of bench/results/

}  // namespace reckon
