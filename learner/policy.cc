#include "learner/policy.h"

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "learner/autograd_ops.h"
#include "learner/row_plan.h"
#include "model/decoder.h"

namespace reckon {

struct Policy::Impl {
  Impl(const ModelSpec& model, DType type, const KernelTable& kernels, ThreadPool& pool)
      : spec(model), dtype(type), ops(spec, type, kernels, pool) {}

  void check(const RowPlan& plan) const;
  Scores collect(const std::vector<HeadAnswer>& answers) const;
  std::vector<float>& gradient_arena();

  const ModelSpec spec;
  const DType dtype;
  LearnerOps ops;
  std::vector<float> gradients;  // empty until somebody needs them
  std::shared_ptr<const Weights> weights;
  std::shared_ptr<const Weights> recorded;  // those of the pass that `logprob` belongs to
  std::unique_ptr<RowPlan> plan;
  at::Tensor logprob;  // root of the recorded graph; undefined: nothing to go back through
};

void Policy::Impl::check(const RowPlan& plan) const {
  const auto known = [&](int32_t token) { return token >= 0 && token < spec.vocab; };
  for (int row = 0; row < plan.rows(); ++row) {
    const auto at = static_cast<size_t>(row);
    RECKON_CHECK(known(plan.tokens[at]),
                 cat("token ", plan.tokens[at], " is outside the vocabulary of ", spec.vocab));
    RECKON_CHECK(
        plan.positions[at] < spec.max_position,
        cat("position ", plan.positions[at], ", and the model ends at ", spec.max_position));
  }
  for (const HeadQuery& query : plan.queries) {
    RECKON_CHECK(known(query.target),
                 cat("token ", query.target, " is outside the vocabulary of ", spec.vocab));
  }
}

Scores Policy::Impl::collect(const std::vector<HeadAnswer>& answers) const {
  Scores scores;
  for (const std::vector<int32_t>& queries : plan->query_of) {
    std::vector<float>& logprob = scores.logprob.emplace_back();
    std::vector<float>& entropy = scores.entropy.emplace_back();
    for (int32_t query : queries) {
      logprob.push_back(answers[static_cast<size_t>(query)].logprob);
      entropy.push_back(answers[static_cast<size_t>(query)].entropy);
    }
  }
  return scores;
}

std::vector<float>& Policy::Impl::gradient_arena() {
  if (gradients.empty()) gradients.assign(static_cast<size_t>(ParameterLayout(spec).elements()), 0);
  return gradients;
}

Policy::Policy(const ModelSpec& spec, DType dtype, const KernelTable& kernels, ThreadPool& pool)
    : impl_(std::make_unique<Impl>(spec, dtype, kernels, pool)) {}

Policy::~Policy() = default;

void Policy::set_weights(std::shared_ptr<const Weights> weights) {
  RECKON_CHECK(!weights || (weights->spec() == impl_->spec && weights->dtype() == impl_->dtype),
               "weights of another model");
  if (!weights) {
    impl_->logprob.reset();
    impl_->recorded.reset();
  }
  impl_->weights = std::move(weights);
}

Scores Policy::forward(const Pack& pack, bool with_gradient) {
  Impl& impl = *impl_;
  RECKON_CHECK(impl.weights != nullptr, "set_weights() comes first");
  impl.logprob.reset();
  impl.recorded = impl.weights;
  impl.plan = std::make_unique<RowPlan>(pack);
  impl.check(*impl.plan);
  if (impl.plan->queries.empty()) return impl.collect({});
  const c10::AutoGradMode mode(with_gradient);
  impl.ops.begin(*impl.recorded, *impl.plan,
                 with_gradient ? impl.gradient_arena().data() : nullptr);
  LearnerOps::Head head = impl.ops.head(decode(impl.ops, impl.spec));
  if (with_gradient) impl.logprob = head.logprob;
  return impl.collect(head.answers);
}

void Policy::backward(const std::vector<std::vector<float>>& dlogprob) {
  Impl& impl = *impl_;
  RECKON_CHECK(impl.plan != nullptr && dlogprob.size() == impl.plan->query_of.size(),
               "a gradient per completion");
  if (impl.plan->queries.empty()) return;
  RECKON_CHECK(impl.logprob.defined(), "backward() follows forward(pack, true), once");
  const at::Tensor gradient =
      at::empty({static_cast<int64_t>(impl.plan->queries.size())}, at::kFloat);
  for (size_t c = 0; c < dlogprob.size(); ++c) {
    const std::vector<int32_t>& queries = impl.plan->query_of[c];
    RECKON_CHECK(dlogprob[c].size() == queries.size(), "a gradient per token");
    for (size_t t = 0; t < queries.size(); ++t)
      gradient.data_ptr<float>()[queries[t]] = dlogprob[c][t];
  }
  const at::Tensor root = std::move(impl.logprob);
  impl.logprob.reset();
  torch::autograd::backward({root}, {gradient});
}

std::vector<float>& Policy::gradients() { return impl_->gradient_arena(); }

void Policy::set_checkpointing(bool on) { impl_->ops.set_checkpointing(on); }

void Policy::on_grad_ready(std::function<void(int parameter)> callback) {
  impl_->ops.on_grad_ready(std::move(callback));
}

}  // namespace reckon
