#include "learner/learner_state.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "model/families.h"
#include "model/load_model.h"
#include "model/safetensors.h"

namespace reckon {
namespace {

// Vocabulary of a model made from nothing: the tokenizer's, padded to whole panels.
int padded_vocab(const Tokenizer& tokenizer) {
  return (tokenizer.vocab_size() + kPanel - 1) / kPanel * kPanel;
}

ModelSpec spec_from_nothing(const NewModel& model, const Tokenizer& tokenizer) {
  ModelSpec spec;
  spec.family = model.family;
  spec.vocab = padded_vocab(tokenizer);
  spec.hidden = model.hidden;
  spec.heads = model.heads;
  spec.kv_heads = model.kv_heads;
  spec.head_dim = model.head_dim > 0 ? model.head_dim : model.hidden / model.heads;
  spec.max_position = model.max_position;
  spec.norm_eps = static_cast<float>(model.norm_eps);
  spec.rope_theta = model.rope_theta;
  spec.tied_head = model.tied_head;
  set_traits(spec);
  LayerSpec layer{.ffn = model.ffn > 0 ? model.ffn : 4 * model.hidden, .moe = std::nullopt};
  if (model.experts > 0) {
    layer = {.ffn = 0,
             .moe = MoeSpec{.experts = model.experts,
                            .top_k = model.experts_per_token,
                            .ffn = model.expert_hidden}};
  }
  spec.layers.assign(static_cast<size_t>(model.layers), layer);
  spec.validate();
  return spec;
}

// trainer/: one file per arena, tensors by logical name; "slice" says which part of a sharded arena
// it is.
void write_arena(const Path& file, const ParameterLayout& layout, const std::vector<float>& arena,
                 uint64_t updates) {
  std::vector<NamedTensor> tensors;
  for (const Parameter& parameter : layout.parameters()) {
    tensors.push_back(tensor_of(parameter.name, {parameter.count, parameter.rows, parameter.cols},
                                arena.data() + parameter.offset));
  }
  write_safetensors(file, tensors, {{"slice", "0/1"}, {"updates", cat(updates)}});
}

uint64_t read_arena(const Path& path, const ParameterLayout& layout, std::vector<float>& arena) {
  SafetensorsFile file(path);
  std::fill(arena.begin(), arena.end(), 0.0f);
  for (const Parameter& parameter : layout.parameters()) {
    const NamedTensor& tensor = file.at(parameter.name);
    if (tensor.elements() != parameter.elements()) {
      throw Error(Code::data, path.string(),
                  cat("tensor '", parameter.name, "' has another size than the model"),
                  "the checkpoint belongs to another model");
    }
    read_floats(tensor, arena.data() + parameter.offset);
  }
  auto updates = file.metadata().find("updates");
  auto number = updates == file.metadata().end() ? std::nullopt : parse_int(updates->second);
  if (!number)
    throw Error(Code::data, path.string(), "lacks its number of updates", "use another checkpoint");
  return static_cast<uint64_t>(*number);
}

void expect_equal(const Path& place, const char* what, const std::string& stored,
                  const std::string& present, const char* remedy) {
  if (stored == present) return;
  throw Error(Code::mismatch, place.string(),
              cat(what, " of the checkpoint is ", stored, ", this program's is ", present), remedy);
}

}  // namespace

std::string numerics_text(const NumericsId& numerics) {
  return cat("contract ", numerics.contract, " ", numerics.profile, " ", numerics.digest.text());
}

ModelSpec LearnerState::spec_of(const RunConfig& config) {
  if (config.model.path.empty()) return spec_from_nothing(config.model.fresh, *byte_tokenizer());
  return load_spec(config.model.path);
}

LearnerState::Origin LearnerState::make_origin(const RunConfig& config) {
  PromptEncoder::FindTemplate chat = [path = Path(config.model.path)] {
    return path.empty() ? nullptr : load_chat_template(path);
  };
  std::string own;
  if (!config.model.chat_template.empty()) {  // was given for use: read at once
    auto given = load_chat_template(config.model.path, config.model.chat_template);
    own = given->text();
    chat = [given] { return given; };
  }
  if (!config.model.path.empty()) {
    return {load_model(config.model.path), std::move(chat), std::move(own)};
  }
  auto tokenizer = byte_tokenizer();
  ModelSpec spec = spec_from_nothing(config.model.fresh, *tokenizer);
  LoadedModel fresh;
  fresh.spec = spec;
  fresh.masters = initial_masters(spec, ParameterLayout(spec), config.run.seed);
  fresh.tokenizer = tokenizer;
  return {std::move(fresh), std::move(chat), std::move(own)};
}

LearnerState::LearnerState(const RunConfig& config, const KernelTable& kernels, ThreadPool& pool)
    : LearnerState(config, make_origin(config), kernels, pool) {}

LearnerState::LearnerState(const RunConfig& config, Origin origin, const KernelTable& kernels,
                           ThreadPool& pool)
    : config_(config),
      pool_(pool),
      spec_(std::move(origin.model.spec)),
      dtype_(config.numerics.storage),
      layout_(spec_),
      tokenizer_(std::move(origin.model.tokenizer)),
      prompts_(std::make_shared<PromptEncoder>(tokenizer_, std::move(origin.chat))),
      source_(std::move(origin.model.source)),
      own_template_(std::move(origin.own_template)),
      masters_(std::move(origin.model.masters)),
      optimizer_(layout_),
      policy_(spec_, dtype_, kernels, pool) {
  publish(Version{0});
}

// The former version goes first, so that a run without staleness never holds two.
void LearnerState::publish(Version version) {
  policy_.set_weights(nullptr);
  weights_.reset();
  weights_ = Weights::publish(spec_, layout_, dtype_, masters_.data(), version, pool_);
  policy_.set_weights(weights_);
}

void LearnerState::start_phase(const PhaseConfig& phase) {
  next = Draw{0};
  if (phase.optimizer_state == "fresh") optimizer_.reset();
  if (phase.from != "model" || step.value == 0) return;
  const Version version = weights_->id().version;
  masters_ = {};  // never two arenas at once
  masters_ = make_origin(config_).model.masters;
  publish(version);
}

Update LearnerState::apply(const OptimizerConfig& config, double lr, Version version, bool usable) {
  std::vector<float>& gradients = policy_.gradients();
  Update update;
  update.grad_norm = gradient_norm(gradients, pool_);
  update.applied = usable && std::isfinite(update.grad_norm);
  if (update.applied) {
    bool clip = config.clip_norm > 0 && update.grad_norm > config.clip_norm;
    optimizer_.step(config, lr, clip ? config.clip_norm / update.grad_norm : 1.0, gradients,
                    masters_, pool_);
  }
  std::fill(gradients.begin(), gradients.end(), 0.0f);
  publish(version);
  return update;
}

CheckpointFacts LearnerState::facts(const std::string& run_id, const NumericsId& numerics) const {
  CheckpointFacts facts;
  facts.step = step;
  facts.phase = phase;
  facts.phase_step = phase_step;
  facts.next = next;
  facts.weights = weights_->id();
  facts.run_id = run_id;
  facts.numerics = numerics_text(numerics);
  facts.model_id = spec_.id().text();
  return facts;
}

void LearnerState::save(const Path& folder) const {
  export_hugging_face(folder, *weights_, *tokenizer_,
                      {.source = source_.get(), .source_types = false});
  if (!own_template_.empty()) write_file(folder / "chat_template.jinja", own_template_);
  std::filesystem::create_directories(folder / "trainer");
  write_arena(folder / "trainer" / "masters.safetensors", layout_, masters_, optimizer_.updates());
  write_arena(folder / "trainer" / "adam_m.safetensors", layout_, optimizer_.first_moment(),
              optimizer_.updates());
  write_arena(folder / "trainer" / "adam_v.safetensors", layout_, optimizer_.second_moment(),
              optimizer_.updates());
}

void LearnerState::load(const FoundCheckpoint& found, const NumericsId& numerics) {
  const CheckpointFacts& facts = found.facts;
  expect_equal(found.folder, "the model", facts.model_id, spec_.id().text(),
               "resume with the run file of this run");
  expect_equal(found.folder, "numerics", facts.numerics, numerics_text(numerics),
               "resume on a machine and build with the same kernels, or start a new run from the "
               "checkpoint");
  Path trainer = found.folder / "trainer";
  read_arena(trainer / "masters.safetensors", layout_, masters_);
  read_arena(trainer / "adam_m.safetensors", layout_, optimizer_.first_moment());
  optimizer_.set_updates(
      read_arena(trainer / "adam_v.safetensors", layout_, optimizer_.second_moment()));
  step = facts.step;
  phase = facts.phase;
  phase_step = facts.phase_step;
  next = facts.next;
  publish(facts.weights.version);
  expect_equal(found.folder, "the weights' digest", facts.weights.digest.text(),
               weights_->id().digest.text(),
               "the checkpoint is inconsistent; remove it to fall back to the one before");
}

}  // namespace reckon
