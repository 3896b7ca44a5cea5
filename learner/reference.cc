#include "learner/reference.h"

#include <cstring>

#include "base/text.h"
#include "model/hugging_face.h"

namespace reckon {
namespace {

std::shared_ptr<const Weights> load_or_save(const Path& root, const LearnerState& state,
                                            ThreadPool& pool) {
  Path folder = root / "reference" / cat("phase_", state.phase);
  if (state.phase_step == 0) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder.parent_path());
    publish_folder(folder, "{}", [&](const Path& temporary) {
      export_hugging_face(temporary, *state.weights(), state.tokenizer());
    });
    return state.weights();
  }
  verify_folder(folder);
  LoadedModel loaded = load_hugging_face(folder);
  return Weights::publish(loaded.spec, ParameterLayout(loaded.spec), state.dtype(),
                          loaded.masters.data(), Version{0}, pool);
}

fb::ColumnT column_of(const TrainSample& sample, const std::string& producer) {
  fb::ColumnT column;
  column.key = std::make_unique<fb::SampleKey>(*sample.body.key);
  column.name = "ref_logprob";
  column.producer = producer;
  column.scope = fb::Scope_token;
  column.type = fb::ValueType_f32;
  column.data.resize(sample.ref_logprob.size() * sizeof(float));
  std::memcpy(column.data.data(), sample.ref_logprob.data(), column.data.size());
  return column;
}

}  // namespace

Reference::Reference(const Path& root, const LearnerState& state, const KernelTable& kernels,
                     ThreadPool& pool)
    : weights_(load_or_save(root, state, pool)),
      policy_(state.spec(), state.dtype(), kernels, pool) {
  policy_.set_weights(weights_);
}

std::vector<fb::ColumnT> Reference::annotate(std::vector<TrainGroup>& groups, int64_t pack_tokens) {
  std::vector<TrainGroup*> lacking;
  for (TrainGroup& group : groups) {
    for (const TrainSample& sample : group) {
      bool has_completion = !sample.body.sequences.at(0)->logprobs.empty();
      if (!has_completion || !sample.ref_logprob.empty()) continue;
      lacking.push_back(&group);
      break;
    }
  }
  std::vector<fb::ColumnT> columns;
  for (TrainGroup* group : lacking) {
    std::vector<TrainGroup> one;
    one.push_back(std::move(*group));
    auto logprobs = score(policy_, one, pack_tokens);
    for (size_t i = 0; i < one[0].size(); ++i) {
      one[0][i].ref_logprob = std::move(logprobs[i]);
      if (!one[0][i].ref_logprob.empty())
        columns.push_back(column_of(one[0][i], weights_->id().digest.text()));
    }
    *group = std::move(one[0]);
  }
  return columns;
}

}  // namespace reckon
