#include <algorithm>
#include <set>

#include "base/text.h"
#include "model/families.h"
#include "model/gguf_model.h"
#include "model/gguf_quants.h"
#include "model/weights.h"

namespace reckon {
namespace {

// The tensors of a GGUF file that hold one of our parameters, part by part as in the family's
// rules; experts are stacked in each.
struct GgufRule {
  const char* parameter;  // without its layer
  std::vector<const char*> tensors;
};

const std::vector<GgufRule>& rules() {
  static const std::vector<GgufRule> all = {
      {"embed", {"token_embd.weight"}},
      {"attn_norm", {"attn_norm.weight"}},
      {"qkv", {"attn_q.weight", "attn_k.weight", "attn_v.weight"}},
      {"qkv_bias", {"attn_q.bias", "attn_k.bias", "attn_v.bias"}},
      {"q_norm", {"attn_q_norm.weight"}},
      {"k_norm", {"attn_k_norm.weight"}},
      {"attn_out", {"attn_output.weight"}},
      {"ffn_norm", {"ffn_norm.weight"}},
      {"gate_up", {"ffn_gate.weight", "ffn_up.weight"}},
      {"down", {"ffn_down.weight"}},
      {"router", {"ffn_gate_inp.weight"}},
      {"experts.gate_up", {"ffn_gate_exps.weight", "ffn_up_exps.weight"}},
      {"experts.down", {"ffn_down_exps.weight"}},
      {"final_norm", {"output_norm.weight"}},
      {"head", {"output.weight"}}};
  return all;
}

// The name of a parameter without its layer, and what its tensors' names begin with.
std::pair<std::string, std::string> located(const std::string& parameter) {
  constexpr std::string_view kLayers = "layers.";
  if (parameter.rfind(kLayers, 0) != 0) return {parameter, ""};
  const size_t end = parameter.find('.', kLayers.size());
  const std::string layer = parameter.substr(kLayers.size(), end - kLayers.size());
  return {parameter.substr(end + 1), cat("blk.", layer, ".")};
}

// Llama files hold the rows of a head with the two halves of rotary pairs side by side; here, as
// in Hugging Face files, the first halves come before the second ones.
void separate_halves(float* rows, int64_t count, int64_t cols, int64_t head_dim) {
  std::vector<float> head(static_cast<size_t>(head_dim * cols));
  for (int64_t first = 0; first < count; first += head_dim) {
    float* at = rows + first * cols;
    std::copy_n(at, head.size(), head.begin());
    for (int64_t row = 0; row < head_dim; ++row) {
      const int64_t to = row % 2 * (head_dim / 2) + row / 2;
      std::copy_n(head.begin() + row * cols, cols, at + to * cols);
    }
  }
}

class Importer {
 public:
  Importer(const GgufFile& file, const ModelSpec& spec)
      : file_(file), spec_(spec), family_(family_named(spec.family)), layout_(spec) {}

  // First finds every tensor, so that a file that lacks some fails before memory is taken.
  std::vector<float> masters() {
    for (const Parameter& parameter : layout_.parameters()) find(parameter);
    for (const GgufTensor& tensor : file_.tensors()) {
      if (!used_.contains(tensor.name) && tensor.name != "rope_freqs.weight")
        fail(tensor.name, cat("has no place in a model of family ", family_.name));
    }
    std::vector<float> arena(static_cast<size_t>(layout_.elements()), 0.0f);
    for (const Piece& piece : pieces_) {
      float* out = arena.data() + piece.offset;
      dequantise(*piece.tensor, piece.first, piece.elements, out);
      if (piece.turned) {
        const int64_t cols = piece.tensor->shape.back();
        separate_halves(out, piece.elements / cols, cols, spec_.head_dim);
      }
    }
    return arena;
  }

 private:
  // Contiguous elements of a tensor and their place in the arena.
  struct Piece {
    const GgufTensor* tensor;
    int64_t first, elements, offset;
    bool turned;  // rows of q and k to be put in order
  };

  void find(const Parameter& parameter) {
    const auto [key, prefix] = located(parameter.name);
    const GgufRule& rule =
        *std::find_if(rules().begin(), rules().end(),
                      [&name = key](const GgufRule& r) { return name == r.parameter; });
    const std::vector<FileTensor> parts = file_tensors(family_, spec_, parameter);
    for (size_t i = 0; i < parts.size(); ++i) {
      const size_t part = i % rule.tensors.size();
      const auto matrix = static_cast<int64_t>(i / rule.tensors.size());
      std::vector<int64_t> shape = parts[i].shape;
      if (key.rfind("experts.", 0) == 0) shape.insert(shape.begin(), parameter.count);
      const GgufTensor& tensor = take(prefix + rule.tensors[part], shape);
      pieces_.push_back({&tensor, matrix * parts[i].elements, parts[i].elements, parts[i].offset,
                         spec_.family == "llama" && key == "qkv" && part < 2});
    }
  }

  const GgufTensor& take(const std::string& name, const std::vector<int64_t>& shape) {
    const GgufTensor* tensor = file_.find(name);
    if (tensor == nullptr) fail(name, "is missing");
    if (tensor->shape != shape) fail(name, "has a shape that does not fit the hyper-parameters");
    used_.insert(name);
    return *tensor;
  }

  [[noreturn]] void fail(const std::string& tensor, const std::string& what) const {
    file_.fail(cat("tensor '", tensor, "' ", what));
  }

  const GgufFile& file_;
  const ModelSpec& spec_;
  const Family& family_;
  ParameterLayout layout_;
  std::set<std::string> used_;
  std::vector<Piece> pieces_;
};

}  // namespace

std::vector<float> gguf_masters(const GgufFile& file, const ModelSpec& spec) {
  return Importer(file, spec).masters();
}

}  // namespace reckon
