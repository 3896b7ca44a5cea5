#include "model/hugging_face.h"

#include <array>
#include <list>

#include "model/tensor_folder.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

std::map<std::string, std::string> files_of(const Path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files[entry.path().filename()] = read_file(entry.path());
  }
  return files;
}

std::shared_ptr<const Weights> published(const LoadedModel& model) {
  ThreadPool pool(1);
  return Weights::publish(model.spec, ParameterLayout(model.spec), model.dtype,
                          model.masters.data(), Version{}, pool);
}

TEST(HuggingFace, ExportImportExportGivesTheSameBytes) {
  for (DType dtype : {DType::f32, DType::bf16}) {
    for (const ModelSpec& spec : {dense_spec(), moe_spec()}) {
      TemporaryFolder first, second;
      auto weights = random_weights(spec, dtype);
      export_hugging_face(first, *weights, *byte_tokenizer());
      LoadedModel model = load_hugging_face(first);
      EXPECT_TRUE(model.spec == spec);
      EXPECT_EQ(model.dtype, dtype);
      auto again = published(model);
      EXPECT_EQ(again->id().digest, weights->id().digest);
      export_hugging_face(second, *again, *model.tokenizer);
      EXPECT_EQ(files_of(first), files_of(second));
      EXPECT_EQ(files_of(first).size(), 5u);
    }
  }
}

TEST(HuggingFace, ShardedExportHoldsTheSameModel) {
  TemporaryFolder whole, sharded;
  auto weights = random_weights(moe_spec(), DType::f32);
  export_hugging_face(whole, *weights, *byte_tokenizer());
  export_hugging_face(sharded, *weights, *byte_tokenizer(), {.shard_bytes = 20'000});
  auto files = files_of(sharded);
  EXPECT_EQ(files.count("model.safetensors"), 0u);
  nlohmann::json index = nlohmann::json::parse(files.at("model.safetensors.index.json"));
  EXPECT_EQ(index["metadata"]["total_size"], moe_spec().parameter_count() * 4);
  TensorFolder left(whole), right(sharded);
  ASSERT_EQ(left.tensors().size(), right.tensors().size());
  for (const auto& [name, tensor] : left.tensors()) {
    EXPECT_EQ(tensor->bytes, right.find(name)->bytes) << name;
    EXPECT_TRUE(index["weight_map"].contains(name));
  }
  EXPECT_EQ(load_hugging_face(sharded).masters, load_hugging_face(whole).masters);
}

TEST(HuggingFace, ConfigCarriesTypeAndSpecialIds) {
  TemporaryFolder folder;
  export_hugging_face(folder, *random_weights(dense_spec(), DType::bf16), *byte_tokenizer());
  auto files = files_of(folder);
  nlohmann::json config = nlohmann::json::parse(files.at("config.json"));
  EXPECT_EQ(config["torch_dtype"], "bfloat16");
  EXPECT_EQ(config["eos_token_id"], 256);
  EXPECT_EQ(config["pad_token_id"], 257);
  EXPECT_EQ(nlohmann::json::parse(files.at("generation_config.json"))["eos_token_id"], 256);
}

TEST(HuggingFace, AVocabularySmallerThanTheTokenizersIsRefused) {
  TemporaryFolder folder;
  ModelSpec spec = dense_spec();
  spec.vocab = 257;
  Error error = error_of(
      [&] { export_hugging_face(folder, *random_weights(spec, DType::f32), *byte_tokenizer()); });
  EXPECT_EQ(error.place(), "model.vocab");
}

// A folder whose tensors can be changed before it is read.
class EditedFolder {
 public:
  explicit EditedFolder(const ModelSpec& spec) : weights_(random_weights(spec, DType::f32)) {
    export_hugging_face(source_, *weights_, *byte_tokenizer());
    std::filesystem::copy(source_.path(), folder_.path(), std::filesystem::copy_options::recursive);
    file_ = std::make_unique<SafetensorsFile>(source_.path() / "model.safetensors");
    tensors_ = file_->tensors();
  }
  std::vector<NamedTensor>& tensors() { return tensors_; }
  NamedTensor& tensor(const std::string& name) {
    return *std::find_if(tensors_.begin(), tensors_.end(),
                         [&](const auto& t) { return t.name == name; });
  }
  LoadedModel load() {
    write_safetensors(folder_.path() / "model.safetensors", tensors_);
    return load_hugging_face(folder_);
  }
  const Weights& weights() const { return *weights_; }
  const Path& path() const { return folder_.path(); }

 private:
  TemporaryFolder source_, folder_;
  std::shared_ptr<const Weights> weights_;
  std::unique_ptr<SafetensorsFile> file_;
  std::vector<NamedTensor> tensors_;
};

TEST(HuggingFace, EveryTensorMustBeThereAndHaveAPlace) {
  const std::string name = "model.layers.1.mlp.up_proj.weight";
  EditedFolder missing(dense_spec());
  std::erase_if(missing.tensors(), [&](const NamedTensor& t) { return t.name == name; });
  EXPECT_THAT(error_of([&] { missing.load(); }).problem(), HasSubstr("'" + name + "' is missing"));

  EditedFolder extra(dense_spec());
  extra.tensors().push_back(extra.tensors().back());
  extra.tensors().back().name = "model.layers.2.mlp.up_proj.weight";
  EXPECT_THAT(error_of([&] { extra.load(); }).problem(),
              HasSubstr("'model.layers.2.mlp.up_proj.weight' has no place"));

  EditedFolder turned(dense_spec());
  std::swap(turned.tensor(name).shape[0], turned.tensor(name).shape[1]);
  EXPECT_THAT(error_of([&] { turned.load(); }).problem(),
              HasSubstr("shape [24, 36], but config.json asks for [36, 24]"));

  EditedFolder integers(dense_spec());
  integers.tensor(name).type = TensorType::i32;
  EXPECT_THAT(error_of([&] { integers.load(); }).problem(),
              HasSubstr("'" + name + "' is stored as I32"));
}

TEST(HuggingFace, ATiedModelToleratesASecondHead) {
  EditedFolder folder(dense_spec());
  folder.tensors().push_back(folder.tensor("model.embed_tokens.weight"));
  folder.tensors().back().name = "lm_head.weight";
  EXPECT_EQ(published(folder.load())->id().digest, folder.weights().id().digest);

  EditedFolder untied(moe_spec());
  std::erase_if(untied.tensors(), [&](const NamedTensor& t) { return t.name == "lm_head.weight"; });
  EXPECT_THAT(error_of([&] { untied.load(); }).problem(), HasSubstr("'lm_head.weight' is missing"));
}

TEST(HuggingFace, ExpertsInOneTensorAreReadLikeSeparateOnes) {
  ModelSpec spec = moe_spec();
  EditedFolder folder(spec);
  std::erase_if(folder.tensors(),
                [](const NamedTensor& t) { return t.name.find(".experts.") != std::string::npos; });
  const ParameterLayout& layout = folder.weights().layout();
  for (int i = 0; i < 2; ++i) {
    auto data = [&](int index) {
      return static_cast<const float*>(folder.weights().parameter(index));
    };
    std::string prefix = cat("model.layers.", i, ".mlp.experts.");
    folder.tensors().push_back(
        tensor_of(prefix + "gate_up_proj", {5, 40, 24}, data(layout.layer(i).expert_gate_up)));
    folder.tensors().push_back(
        tensor_of(prefix + "down_proj", {5, 24, 20}, data(layout.layer(i).expert_down)));
  }
  EXPECT_EQ(published(folder.load())->id().digest, folder.weights().id().digest);
}

TEST(HuggingFace, MixedStorageLoadsAsF32) {
  EditedFolder folder(dense_spec());
  std::vector<uint16_t> halves(24, 0x3C00);
  NamedTensor& norm = folder.tensor("model.norm.weight");
  norm.type = TensorType::f16;
  norm.bytes = {reinterpret_cast<const char*>(halves.data()), 48};
  LoadedModel model = folder.load();
  EXPECT_EQ(model.dtype, DType::f32);
  EXPECT_EQ(model.masters[static_cast<size_t>(
                folder.weights().layout()[folder.weights().layout().final_norm()].offset)],
            1.0f);
}

// Untouched weights keep their bytes and types, both configs every byte, through F32 in memory.
TEST(HuggingFace, AnExportWithItsSourceIsByteIdentical) {
  for (const ModelSpec& spec : {dense_spec(), moe_spec()}) {
    EditedFolder folder(spec);
    std::list<std::string> halves;
    size_t turn = 0;
    for (NamedTensor& tensor : folder.tensors()) {  // F32, BF16 and F16 in turn
      const TensorType type =
          std::array{TensorType::f32, TensorType::bf16, TensorType::f16}[turn++ % 3];
      halves.push_back(retyped(tensor, type));
      tensor.type = type;
      tensor.bytes = halves.back();
    }
    nlohmann::json config = nlohmann::json::parse(read_file(folder.path() / "config.json"));
    config["a_key_of_tomorrow"] = {1, "two"};
    write_file(folder.path() / "config.json", config.dump(1));
    write_file(folder.path() / "generation_config.json", "{\"temperature\": 0.6, \"top_p\": 0.95}");
    LoadedModel model = folder.load();
    EXPECT_EQ(model.dtype, DType::f32);
    TemporaryFolder same, plain;
    export_hugging_face(same, *published(model), *model.tokenizer, {.source = model.source.get()});
    const TensorFolder before(folder.path()), after(same);
    ASSERT_EQ(before.tensors().size(), after.tensors().size());
    for (const auto& [name, tensor] : before.tensors()) {
      EXPECT_EQ(after.find(name)->type, tensor->type) << name;
      EXPECT_EQ(after.find(name)->bytes, tensor->bytes) << name;
    }
    for (const char* name : {"config.json", "generation_config.json"})
      EXPECT_EQ(read_file(same.path() / name), read_file(folder.path() / name));

    export_hugging_face(plain, *published(model), *model.tokenizer,
                        {.source = model.source.get(), .source_types = false});
    config["torch_dtype"] = "float32";
    EXPECT_EQ(nlohmann::json::parse(read_file(plain.path() / "config.json")), config);
    const TensorFolder wide(plain);
    for (const auto& entry : wide.tensors()) EXPECT_EQ(entry.second->type, TensorType::f32);
  }
}

TEST(HuggingFace, FusedExpertsStayFusedInAnExportWithItsSource) {
  const Path golden = Path(RECKON_SOURCE_DIR) / "tests/golden/qwen3_moe_mixed";
  const LoadedModel model = load_hugging_face(golden);
  TemporaryFolder folder;
  export_hugging_face(folder, *published(model), *model.tokenizer, {.source = model.source.get()});
  const TensorFolder before(golden), after(folder);
  ASSERT_EQ(before.tensors().size(), after.tensors().size());
  for (const auto& [name, tensor] : before.tensors())
    EXPECT_EQ(after.find(name)->bytes, tensor->bytes) << name;
}

TEST(HuggingFace, TensorsThatAreLeftOutAreListed) {
  ModelSpec spec = dense_spec();
  spec.family = "llama";
  set_traits(spec);
  EditedFolder folder(spec);
  folder.tensors().push_back(folder.tensor("model.embed_tokens.weight"));
  folder.tensors().back().name = "lm_head.weight";
  std::vector<float> frequencies(5, 1.0f);
  const std::string table = "model.layers.1.self_attn.rotary_emb.inv_freq";
  folder.tensors().push_back(tensor_of(table, {5}, frequencies.data()));
  LoadedModel model = folder.load();
  EXPECT_EQ(model.source->skipped, (std::vector<std::string>{"lm_head.weight", table}));
  EXPECT_EQ(model.source->types.count(table), 0u);
  EXPECT_EQ(model.source->types.size() + 2, folder.tensors().size());
}

TEST(HuggingFace, AFolderThatIsNoneIsNamed) {
  TemporaryFolder folder;
  EXPECT_EQ(error_of([&] { load_hugging_face(folder); }).code(), Code::no_input);
  write_file(folder.path() / "config.json",
             "{\"model_type\": \"qwen3\", \"model_type\": \"qwen3\"}");
  Error error = error_of([&] { load_hugging_face(folder); });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_EQ(error.place(), (folder.path() / "config.json").string());
}

}  // namespace
}  // namespace reckon
