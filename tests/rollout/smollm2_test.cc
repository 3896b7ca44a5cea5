// A published model, read from its GGUF file, against transformers in float32
// (tests/oracles/make_smollm2_golden.py). Skipped where tests/oracles/fetch_smollm2.py has not put
// the file under the user's cache.
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "model/gguf_model.h"
#include "tests/rollout/tiny_model.h"

namespace reckon {
namespace {

Path model_file() {
  const char* home = std::getenv("HOME");
  return Path(home == nullptr ? "/" : home) /
         ".cache/reckon/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf";
}

struct Smollm2 {
  GgufFile file{model_file()};
  ModelSpec spec = gguf_spec(file);
  nlohmann::json golden =
      nlohmann::json::parse(read_file(Path(RECKON_SOURCE_DIR) / "tests/golden/smollm2.json"));
  ThreadPool pool{usable_cores()};
  std::shared_ptr<const Weights> weights = Weights::publish(
      spec, ParameterLayout(spec), DType::f32, gguf_masters(file, spec).data(), Version{0}, pool);
};

// The logits of `ids` behind the last token of a prompt of at most one page.
std::vector<double> logits_after(Smollm2& model, SamplerOps& ops, KvPages& pages,
                                 const std::vector<int32_t>& tokens,
                                 const std::vector<int32_t>& ids) {
  const int n = static_cast<int>(tokens.size()), blocks = kv_blocks(0, n);
  std::vector<int32_t> taken;
  for (int i = 0; i < blocks; ++i) taken.push_back(pages.take());
  RowBatch rows;
  rows.clear();
  for (int i = n - 1; i >= 0; --i) {  // the row asked about first
    rows.add(tokens[static_cast<size_t>(i)], i, taken[static_cast<size_t>(i / kKvPageTokens)],
             {{0, i + 1, taken.data()}});
  }
  ops.begin(rows, pages);
  void* x = decode(ops, model.spec);
  std::vector<HeadQuery> queries(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) queries[i].target = ids[i];
  std::vector<HeadAnswer> answers;
  ops.head(x, 1, queries, answers);
  for (int32_t page : taken) pages.release(page);
  std::vector<double> logits;
  for (const HeadAnswer& answer : answers) logits.push_back(double{answer.logprob} + answer.lse);
  return logits;
}

TEST(Smollm2, LogitsAndGreedyTextAgreeWithTransformers) {
  if (!std::filesystem::exists(model_file())) GTEST_SKIP() << model_file() << " is not there";
  Smollm2 model;
  EXPECT_EQ(model.spec.parameter_count(), 134'515'008);
  EXPECT_EQ(model.golden["parameters"], 134'515'008);
  SamplerOps ops(model.spec, DType::f32, kernels(), model.pool, 64);
  ops.set_weights(model.weights);
  KvPages pages(model.spec, DType::f32, size_t{32} << 20);
  Engine engine(model.spec, DType::f32, {}, kernels(), model.pool);
  engine.set_weights(model.weights);
  std::vector<GroupRequest> requests;
  for (const nlohmann::json& prompt : model.golden["prompts"]) {
    auto tokens = prompt["tokens"].get<std::vector<int32_t>>();
    auto wanted = prompt["logits"].get<std::vector<double>>();
    auto logits = logits_after(model, ops, pages, tokens, prompt["ids"]);
    double largest = 0, difference = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
      largest = std::max(largest, std::abs(wanted[i]));
      difference = std::max(difference, std::abs(wanted[i] - logits[i]));
    }
    EXPECT_LT(difference, 1e-4 * largest) << prompt["text"];
    GroupRequest request;
    request.tag = requests.size();
    request.prompt = std::move(tokens);
    request.samples = {0};
    request.sampling.temperature = 0;
    request.sampling.max_new_tokens = static_cast<int>(prompt["greedy"].size());
    requests.push_back(std::move(request));
  }
  ASSERT_EQ(requests.size(), 20u);
  for (const auto& [key, completion] : run_all(engine, requests)) {
    const nlohmann::json& prompt = model.golden["prompts"][key.first];
    auto greedy = prompt["greedy"].get<std::vector<int32_t>>();
    for (size_t i = 0; i < greedy.size(); ++i) {
      if (prompt["gaps"][i] < 1e-3) break;  // too close to call, and the texts part here
      ASSERT_EQ(completion.tokens[i], greedy[i]) << prompt["text"] << " token " << i;
    }
  }
}

}  // namespace
}  // namespace reckon
