// The decoder, written once over an Ops concept (docs/architecture.md). The sampler instantiates it
// with the plain kernels, the learner with functions whose forward calls the same kernels. No
// arithmetic, no allocation, no look at values happens here; an Ops call is one span of
// kernels/kernels.h, and its workspace belongs to the Ops.
//
// Ops provides: Act (a [rows, hidden] activation; cheap to copy) and the calls below, each taking
// the layer's index. It may provide checkpoint(run, x), which returns run(x) and may run the layer
// once more later (activation checkpointing).
#pragma once

#include "model/spec.h"

namespace reckon {

template <class Ops>
typename Ops::Act decoder_layer(Ops& ops, const LayerSpec& spec, int layer, typename Ops::Act x) {
  auto qkv = ops.attention_in(layer, x);
  auto attended = ops.attend(layer, qkv);
  x = ops.attention_out(layer, attended, x);
  if (spec.moe) {
    auto routed = ops.route(layer, x);
    auto dispatched = ops.dispatch(layer, routed);
    auto outputs = ops.experts(layer, routed, dispatched);
    return ops.combine(layer, routed, dispatched, outputs, x);
  }
  auto hidden = ops.mlp_in(layer, x);
  return ops.mlp_out(layer, hidden, x);
}

// Embedding and all layers; returns the last layer's output. The caller then asks ops.head(...).
template <class Ops>
typename Ops::Act decode(Ops& ops, const ModelSpec& spec) {
  typename Ops::Act x = ops.embed();
  for (int layer = 0; layer < static_cast<int>(spec.layers.size()); ++layer) {
    const LayerSpec& shape = spec.layers[static_cast<size_t>(layer)];
    const auto run = [&ops, &shape, layer](const typename Ops::Act& in) {
      return decoder_layer(ops, shape, layer, in);
    };
    if constexpr (requires { ops.checkpoint(run, x); }) {
      x = ops.checkpoint(run, x);
    } else {
      x = run(x);
    }
  }
  return x;
}

}  // namespace reckon
