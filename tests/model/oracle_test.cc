// Decoder, spec and import against transformers: the plain reference kernels in double, driven by
// decode() over the weights of the folders in tests/golden (made by
// tests/oracles/make_model_golden.py), must give the logits written there.
#include <cmath>

#include "kernels/reference.h"
#include "model/decoder.h"
#include "model/hugging_face.h"
#include "model/json_text.h"
#include "model/tensor_folder.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

using Rows = std::vector<double>;  // [rows, anything]

// One whole sequence at a time; keys and values of all positions are the qkv rows themselves.
class ReferenceOps {
 public:
  using Act = Rows;
  struct Routed {
    Rows normed;
    std::vector<reference::Routed<double>> rows;
  };
  struct Dispatched {};

  ReferenceOps(const LoadedModel& model, std::vector<int32_t> tokens)
      : spec_(model.spec),
        layout_(model.spec),
        arena_(model.masters.begin(), model.masters.end()),
        tokens_(std::move(tokens)),
        n_(static_cast<int>(tokens_.size())) {}

  Act embed() const {
    Act x;
    for (int32_t token : tokens_) {
      const double* row = at(layout_.embed()) + int64_t{token} * spec_.hidden;
      x.insert(x.end(), row, row + spec_.hidden);
    }
    return x;
  }

  Rows attention_in(int layer, const Act& x) const {
    const LayerParameters& p = layout_.layer(layer);
    std::vector<int32_t> positions;
    for (int i = 0; i < n_; ++i) positions.push_back(i);
    Rows normed = norm(x, p.attn_norm);
    return reference::qkv<double>(n_, spec_.hidden, shape(), normed.data(), at(p.qkv),
                                  at(p.qkv_bias), at(p.q_norm), at(p.k_norm), spec_.norm_eps,
                                  spec_.rope_frequencies(), positions.data(), DType::f32);
  }

  Rows attend(int, const Rows& qkv) const {
    const int width = spec_.heads * spec_.head_dim;
    Rows out(static_cast<size_t>(n_ * width)), lse(static_cast<size_t>(spec_.heads));
    std::vector<int> seen;
    for (int row = 0; row < n_; ++row) {
      seen.push_back(row);
      reference::attend<double>(shape(), 1 / std::sqrt(double(spec_.head_dim)),
                                &qkv[size_t(row * spec_.qkv_rows())], qkv.data(), seen, DType::f32,
                                &out[size_t(row * width)], lse.data());
    }
    return out;
  }

  Act attention_out(int layer, const Rows& in, const Act& x) const {
    return project(in, layout_.layer(layer).attn_out, x);
  }

  Rows mlp_in(int layer, const Act& x) const {
    const LayerParameters& p = layout_.layer(layer);
    int ffn = spec_.layers[size_t(layer)].ffn;
    return reference::mlp_hidden<double>(n_, spec_.hidden, ffn, norm(x, p.ffn_norm).data(),
                                         at(p.gate_up), DType::f32);
  }

  Act mlp_out(int layer, const Rows& h, const Act& x) const {
    return project(h, layout_.layer(layer).down, x);
  }

  Routed route(int layer, const Act& x) const {
    const LayerParameters& p = layout_.layer(layer);
    const MoeSpec& moe = *spec_.layers[size_t(layer)].moe;
    Routed routed{norm(x, p.ffn_norm), {}};
    Rows logits(size_t(n_ * moe.experts));
    reference::linear<double>(n_, moe.experts, spec_.hidden, routed.normed.data(), at(p.router),
                              nullptr, logits.data());
    for (int row = 0; row < n_; ++row) {
      const double* first = logits.data() + row * moe.experts;
      routed.rows.push_back(reference::route<double>(moe.experts, moe.top_k, moe.normalise, first));
    }
    return routed;
  }

  // The reference takes one row through its experts and adds the residual in one function, so
  // combine does it all.
  Dispatched dispatch(int, const Routed&) const { return {}; }
  Dispatched experts(int, const Routed&, Dispatched) const { return {}; }

  Act combine(int layer, const Routed& routed, Dispatched, Dispatched, const Act& x) const {
    const LayerParameters& p = layout_.layer(layer);
    const MoeSpec& moe = *spec_.layers[size_t(layer)].moe;
    std::vector<const double*> gate_up, down;
    for (int64_t e = 0; e < moe.experts; ++e) {
      gate_up.push_back(at(p.expert_gate_up) + e * 2 * moe.ffn * spec_.hidden);
      down.push_back(at(p.expert_down) + e * spec_.hidden * moe.ffn);
    }
    Act out;
    for (int row = 0; row < n_; ++row) {
      const auto& chosen = routed.rows[size_t(row)];
      Rows sum = reference::moe_row<double>(
          spec_.hidden, moe.ffn, &routed.normed[size_t(row * spec_.hidden)], chosen.ids,
          chosen.weights, gate_up, down, &x[size_t(row * spec_.hidden)], DType::f32);
      out.insert(out.end(), sum.begin(), sum.end());
    }
    return out;
  }

  Rows logits(const Act& x) const {
    Rows out(size_t(n_ * spec_.vocab));
    reference::linear<double>(n_, spec_.vocab, spec_.hidden, norm(x, layout_.final_norm()).data(),
                              at(layout_.head()), nullptr, out.data());
    return out;
  }

 private:
  const double* at(int index) const {
    return index < 0 ? nullptr : arena_.data() + layout_[index].offset;
  }
  reference::AttentionShape shape() const { return {spec_.heads, spec_.kv_heads, spec_.head_dim}; }
  Rows norm(const Act& x, int weight) const {
    Rows out(x.size());
    reference::rms_norm<double>(n_, spec_.hidden, x.data(), at(weight), spec_.norm_eps, DType::f32,
                                out.data());
    return out;
  }
  Act project(const Rows& in, int weight, const Act& x) const {
    int inputs = static_cast<int>(layout_[weight].cols);
    return reference::project<double>(n_, spec_.hidden, inputs, in.data(), at(weight), x.data(),
                                      DType::f32);
  }

  const ModelSpec& spec_;
  ParameterLayout layout_;
  Rows arena_;
  std::vector<int32_t> tokens_;
  int n_;
};

Rows logits_of(const LoadedModel& model, const std::vector<int32_t>& tokens) {
  ReferenceOps ops(model, tokens);
  return ops.logits(decode(ops, model.spec));
}

class Oracle : public ::testing::TestWithParam<const char*> {
 protected:
  Path folder_ = Path(RECKON_SOURCE_DIR) / "tests/golden" / GetParam();
  LoadedModel model_ = load_hugging_face(folder_);
  nlohmann::json golden_ = parse_json(read_file(folder_ / "golden.json"), "golden.json");
};

TEST_P(Oracle, LogitsAgreeWithTransformers) {
  auto wanted = golden_["logits"].get<std::vector<std::vector<double>>>();
  Rows logits = logits_of(model_, golden_["tokens"].get<std::vector<int32_t>>());
  ASSERT_EQ(logits.size(), wanted.size() * wanted[0].size());
  double largest = 0, difference = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    double value = wanted[i / wanted[0].size()][i % wanted[0].size()];
    largest = std::max(largest, std::abs(value));
    difference = std::max(difference, std::abs(value - logits[i]));
  }
  EXPECT_GT(largest, 1.0);
  EXPECT_LT(difference, 1e-5 * largest);
}

TEST_P(Oracle, CompletionLogprobsAndLossAgreeWithTransformers) {
  auto tokens = golden_["prompt"].get<std::vector<int32_t>>();
  auto completion = golden_["completion"].get<std::vector<int32_t>>();
  const size_t prompt = tokens.size(), vocab = size_t(model_.spec.vocab);
  tokens.insert(tokens.end(), completion.begin(), completion.end());
  Rows logits = logits_of(model_, tokens);
  double loss = 0;
  for (size_t t = 0; t < completion.size(); ++t) {
    HeadQuery query;
    query.target = completion[t];
    double logprob =
        reference::head<double>(model_.spec.vocab, &logits[(prompt + t - 1) * vocab], query)
            .logprob;
    EXPECT_NEAR(logprob, golden_["logprobs"][t].get<double>(), 2e-5);
    loss += golden_["coefficients"][t].get<double>() * logprob;
  }
  EXPECT_NEAR(loss, golden_["loss"].get<double>(), 1e-4);
}

// The gradients name exactly the tensors of the model, so that the learner can be compared with
// them.
TEST_P(Oracle, GradientsCoverEveryParameter) {
  SafetensorsFile grads(folder_ / "grads.safetensors");
  size_t count = 0;
  ParameterLayout layout(model_.spec);
  for (const Parameter& parameter : layout.parameters()) {
    for (const FileTensor& tensor :
         file_tensors(family_named(model_.spec.family), model_.spec, parameter)) {
      EXPECT_EQ(grads.at(tensor.name).shape, tensor.shape) << tensor.name;
      ++count;
    }
  }
  EXPECT_EQ(count, grads.tensors().size());
}

INSTANTIATE_TEST_SUITE_P(Golden, Oracle,
                         ::testing::Values("llama_tied", "llama_scaled", "qwen2_tied",
                                           "qwen2_untied", "qwen3_tied", "qwen3_untied",
                                           "qwen3_moe", "qwen3_moe_mixed"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace reckon
