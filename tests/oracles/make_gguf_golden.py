"""Writes tests/golden/gguf: quantised tensors with their values, and tiny models as GGUF, by the package `gguf`.

The models are those of tests/golden (make_model_golden.py), with names, row orders and scaling as llama.cpp's converter
writes them. The values of quants.safetensors come from the package's own dequantisation.
"""

import json
import math
import pathlib

import gguf
import numpy as np
from gguf.constants import GGMLQuantizationType as Type
from gguf.quants import dequantize, quantize
from safetensors.numpy import load_file, save_file

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
OUT = GOLDEN / "gguf"


def random_blocks(kind, rows, blocks, random):
    """Any bytes but the half-precision scales, which are tame: the package does not quantise to these types."""
    size = {Type.Q4_K: 144, Type.Q6_K: 210}[kind]
    data = random.integers(0, 256, (rows, blocks, size), dtype=np.uint8)
    scales = random.normal(0, 0.02, (rows, blocks, 2)).astype(np.float16).view(np.uint8)
    if kind == Type.Q4_K:
        data[..., 0:4] = scales
    else:
        data[..., 208:210] = scales[..., 0:2]
    return data.reshape(rows, blocks * size)


def write_quants():
    random = np.random.default_rng(1)
    writer = gguf.GGUFWriter(OUT / "quants.gguf", "llama")
    writer.add_custom_alignment(64)
    values = {}
    for kind in (Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q4_K, Type.Q6_K):
        if kind in (Type.Q4_K, Type.Q6_K):
            data = random_blocks(kind, 3, 2, random)
        else:
            data = quantize(random.normal(0, 1, (3, 96)).astype(np.float32), kind)
        name = f"{kind.name.lower()}.weight"
        values[name] = np.ascontiguousarray(dequantize(data, kind)).astype(np.float32)
        writer.add_tensor(name, data, raw_dtype=kind)
    finish(writer)
    save_file(values, OUT / "quants.safetensors")


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def permuted(weight, heads):
    """Rotary halves of each head side by side, as in llama.cpp's convert_hf_to_gguf.py."""
    shape = weight.shape
    return weight.reshape(heads, 2, shape[0] // heads // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


def rope_divisors(config):
    rope, dim = config["rope_parameters"], config["head_dim"]
    divisors = []
    for i in range(0, dim, 2):
        wave = 2 * math.pi * rope["rope_theta"] ** (i / dim)
        old = rope["original_max_position_embeddings"]
        if wave < old / rope["high_freq_factor"]:
            divisors.append(1.0)
        elif wave > old / rope["low_freq_factor"]:
            divisors.append(rope["factor"])
        else:
            smooth = (old / wave - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])
            divisors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(divisors, dtype=np.float32)


BLOCK_NAMES = {
    "input_layernorm.weight": "attn_norm.weight", "post_attention_layernorm.weight": "ffn_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight", "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.v_proj.weight": "attn_v.weight", "self_attn.q_proj.bias": "attn_q.bias",
    "self_attn.k_proj.bias": "attn_k.bias", "self_attn.v_proj.bias": "attn_v.bias",
    "self_attn.o_proj.weight": "attn_output.weight", "self_attn.q_norm.weight": "attn_q_norm.weight",
    "self_attn.k_norm.weight": "attn_k_norm.weight", "mlp.gate_proj.weight": "ffn_gate.weight",
    "mlp.up_proj.weight": "ffn_up.weight", "mlp.down_proj.weight": "ffn_down.weight",
    "mlp.gate.weight": "ffn_gate_inp.weight"}
OUTER_NAMES = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
               "lm_head.weight": "output.weight"}


def model_tensors(architecture, config, weights):
    stacks = {}
    for name, weight in weights.items():
        if name in OUTER_NAMES:
            yield OUTER_NAMES[name], weight
            continue
        layer, rest = name.removeprefix("model.layers.").split(".", 1)
        if rest.startswith("mlp.experts."):
            expert, which, _ = rest.removeprefix("mlp.experts.").split(".")
            stacks.setdefault(f"blk.{layer}.ffn_{which.removesuffix('_proj')}_exps.weight", {})[int(expert)] = weight
            continue
        if architecture == "llama" and rest == "self_attn.q_proj.weight":
            weight = permuted(weight, config["num_attention_heads"])
        if architecture == "llama" and rest == "self_attn.k_proj.weight":
            weight = permuted(weight, config["num_key_value_heads"])
        yield f"blk.{layer}.{BLOCK_NAMES[rest]}", weight
    for name, experts in stacks.items():
        yield name, np.stack([experts[i] for i in range(len(experts))])


def write_model(architecture, name):
    config = json.loads((GOLDEN / name / "config.json").read_text())
    writer = gguf.GGUFWriter(OUT / f"{name}.gguf", architecture)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    if architecture == "qwen3moe":
        writer.add_expert_count(config["num_local_experts"])
        writer.add_expert_used_count(config["num_experts_per_tok"])
        writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list([f"t{i}" for i in range(config["vocab_size"])])
    writer.add_token_types([1] * (config["vocab_size"] - 2) + [3, 3])
    writer.add_token_merges(["t 1", "t 2"])
    writer.add_eos_token_id(256)
    writer.add_add_bos_token(False)
    writer.add_chat_template("{{ messages }}")
    if config["rope_parameters"]["rope_type"] == "llama3":
        writer.add_rope_scaling_orig_ctx_len(config["rope_parameters"]["original_max_position_embeddings"])
        writer.add_tensor("rope_freqs.weight", rope_divisors(config))
    for tensor, weight in model_tensors(architecture, config, load_file(GOLDEN / name / "model.safetensors")):
        writer.add_tensor(tensor, np.ascontiguousarray(weight))
    finish(writer)


def main():
    OUT.mkdir(exist_ok=True)
    write_quants()
    write_model("llama", "llama_scaled")
    write_model("qwen2", "qwen2_tied")
    write_model("qwen3moe", "qwen3_moe")


if __name__ == "__main__":
    main()
