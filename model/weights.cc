#include "model/weights.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#include "base/error.h"
#include "kernels/kernels.h"

namespace reckon {
namespace {

constexpr std::align_val_t kArenaAlign{64};
constexpr size_t kJobRows = 512;  // rows of one packing job, a multiple of kPanel

std::byte* allocate(size_t bytes) {
  return static_cast<std::byte*>(::operator new[](std::max<size_t>(bytes, 64), kArenaAlign));
}

size_t round_up(size_t bytes) { return (bytes + 63) / 64 * 64; }

// The table of one model is the same for every version of its weights: computed once while any of
// them lives.
std::shared_ptr<const std::vector<float>> shared_rope(const ModelSpec& spec) {
  static std::mutex mutex;
  static std::map<std::pair<std::vector<double>, int>, std::weak_ptr<const std::vector<float>>>
      tables;
  std::lock_guard lock(mutex);
  std::vector<double> frequencies = spec.rope_frequencies();
  auto& known = tables[{frequencies, spec.max_position}];
  if (auto table = known.lock()) return table;
  size_t half = static_cast<size_t>(spec.max_position) * frequencies.size();
  auto table = std::make_shared<std::vector<float>>(2 * half);
  rope_table(frequencies.data(), static_cast<int>(frequencies.size()), spec.max_position,
             table->data(), table->data() + half);
  known = table;
  return table;
}

// Collects the matrices that want panels, then packs them all in one parallel run.
class Packer {
 public:
  void add(WeightView* view) {
    matrices_.push_back({view, bytes_});
    bytes_ += round_up(panel_bytes(view->rows, view->cols, view->dtype));
  }
  size_t bytes() const { return bytes_; }

  void pack(std::byte* arena, ThreadPool& pool) {
    struct Job {
      const WeightView* view;
      int begin, rows;
      std::byte* panels;
    };
    std::vector<Job> jobs;
    for (const auto& [view, offset] : matrices_) {
      view->panels = arena + offset;
      for (int begin = 0; begin < view->rows; begin += static_cast<int>(kJobRows)) {
        int rows = std::min(static_cast<int>(kJobRows), view->rows - begin);
        jobs.push_back(
            {view, begin, rows, arena + offset + panel_bytes(begin, view->cols, view->dtype)});
      }
    }
    pool.run(static_cast<int>(jobs.size()), [&](int part) {
      const Job& job = jobs[static_cast<size_t>(part)];
      const WeightView& view = *job.view;
      size_t skipped =
          static_cast<size_t>(job.begin) * static_cast<size_t>(view.cols) * dtype_size(view.dtype);
      pack_panels(static_cast<const std::byte*>(view.data) + skipped, job.rows, view.cols,
                  view.dtype, job.panels);
    });
  }

 private:
  std::vector<std::pair<WeightView*, size_t>> matrices_;
  size_t bytes_ = 0;
};

}  // namespace

void Weights::Free::operator()(std::byte* bytes) const { ::operator delete[](bytes, kArenaAlign); }

Weights::Weights(const ModelSpec& spec, const ParameterLayout& layout, DType dtype)
    : spec_(spec),
      layout_(layout),
      dtype_(dtype),
      arena_(allocate(static_cast<size_t>(layout.elements()) * dtype_size(dtype))),
      rope_(shared_rope(spec)),
      layers_(spec.layers.size()) {}

std::shared_ptr<const Weights> Weights::publish(const ModelSpec& spec,
                                                const ParameterLayout& layout, DType dtype,
                                                const float* masters, Version version,
                                                ThreadPool& pool) {
  std::shared_ptr<Weights> weights(new Weights(spec, layout, dtype));
  weights->round_from(masters, pool);
  weights->bind(pool);
  weights->id_ = {version, weights_digest(layout, dtype, weights->data(), pool)};
  return weights;
}

void Weights::round_from(const float* masters, ThreadPool& pool) {
  void* arena = arena_.get();
  pool.for_ranges(layout_.elements(), 1 << 14, [&](int64_t begin, int64_t end) {
    if (dtype_ == DType::f32) {
      auto bytes = static_cast<size_t>(end - begin) * sizeof(float);
      std::memcpy(static_cast<float*>(arena) + begin, masters + begin, bytes);
    } else {
      std::transform(masters + begin, masters + end, static_cast<bf16*>(arena) + begin,
                     from_float<bf16>);
    }
  });
  // The padding is no parameter: whatever the masters hold there, the arena holds zeros.
  const std::vector<Parameter>& all = layout_.parameters();
  for (size_t i = 0; i < all.size(); ++i) {
    int64_t end = all[i].offset + all[i].elements();
    int64_t next = i + 1 < all.size() ? all[i + 1].offset : layout_.elements();
    size_t size = dtype_size(dtype_);
    std::memset(arena_.get() + static_cast<size_t>(end) * size, 0,
                static_cast<size_t>(next - end) * size);
  }
}

const void* Weights::parameter(int index) const {
  return arena_.get() + static_cast<size_t>(layout_[index].offset) * dtype_size(dtype_);
}

void Weights::bind(ThreadPool& pool) {
  Packer packer;
  auto vector = [&](int index) { return index < 0 ? nullptr : parameter(index); };
  auto view = [&](int index, int64_t matrix = 0) -> WeightView {
    if (index < 0) return {};
    const Parameter& p = layout_[index];
    auto skipped = static_cast<size_t>(matrix * p.rows * p.cols) * dtype_size(dtype_);
    return {static_cast<const std::byte*>(parameter(index)) + skipped, nullptr, dtype_,
            static_cast<int>(p.rows), static_cast<int>(p.cols)};
  };
  for (size_t i = 0; i < layers_.size(); ++i) {
    const LayerParameters& at = layout_.layer(static_cast<int>(i));
    LayerWeights& layer = layers_[i];
    layer.attn_norm = vector(at.attn_norm);
    layer.qkv_bias = vector(at.qkv_bias);
    layer.q_norm = vector(at.q_norm);
    layer.k_norm = vector(at.k_norm);
    layer.ffn_norm = vector(at.ffn_norm);
    layer.qkv = view(at.qkv);
    layer.attn_out = view(at.attn_out);
    layer.gate_up = view(at.gate_up);
    layer.down = view(at.down);
    layer.router = view(at.router);
    int experts = spec_.layers[i].moe ? spec_.layers[i].moe->experts : 0;
    for (int e = 0; e < experts; ++e) {
      layer.expert_gate_up.push_back(view(at.expert_gate_up, e));
      layer.expert_down.push_back(view(at.expert_down, e));
    }
    for (WeightView* each :
         {&layer.qkv, &layer.attn_out, &layer.gate_up, &layer.down, &layer.router}) {
      if (each->data != nullptr) packer.add(each);
    }
    for (WeightView& each : layer.expert_gate_up) packer.add(&each);
    for (WeightView& each : layer.expert_down) packer.add(&each);
  }
  final_norm_ = parameter(layout_.final_norm());
  head_ = view(layout_.head());
  packer.add(&head_);
  panels_.reset(allocate(packer.bytes()));
  packer.pack(panels_.get(), pool);
  embed_ = layout_.head() == layout_.embed() ? head_ : view(layout_.embed());
}

}  // namespace reckon
