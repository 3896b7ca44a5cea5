"""Writes tests/golden/{llama,qwen2,qwen3}_*: tiny random models with logits and gradients from transformers.

The sizes are odd on purpose: head_dim * heads is not hidden, and nothing is a multiple of a vector's width.
With names as arguments, only those are written again.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config,
                          Qwen3ForCausalLM, Qwen3MoeConfig, Qwen3MoeForCausalLM)

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
COMMON = dict(vocab_size=272, hidden_size=24, num_attention_heads=4, num_key_value_heads=2, intermediate_size=36,
              max_position_embeddings=64, rms_norm_eps=1e-6, eos_token_id=256, pad_token_id=257,
              attn_implementation="eager")
MOE = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=20)


def rope(theta):
    return {"rope_type": "default", "rope_theta": theta}


def cases():
    yield "qwen3_tied", Qwen3ForCausalLM, Qwen3Config(
        **COMMON, num_hidden_layers=3, head_dim=10, tie_word_embeddings=True, rope_parameters=rope(10000.0))
    yield "qwen3_untied", Qwen3ForCausalLM, Qwen3Config(
        **COMMON, num_hidden_layers=2, head_dim=12, tie_word_embeddings=False, rope_parameters=rope(1e6))
    yield "qwen3_moe", Qwen3MoeForCausalLM, Qwen3MoeConfig(
        **COMMON, **MOE, num_hidden_layers=2, head_dim=12, tie_word_embeddings=False, norm_topk_prob=True,
        rope_parameters=rope(10000.0))
    yield "qwen3_moe_mixed", Qwen3MoeForCausalLM, Qwen3MoeConfig(
        **COMMON, **MOE, num_hidden_layers=3, head_dim=10, tie_word_embeddings=True, norm_topk_prob=False,
        mlp_only_layers=[1], rope_parameters=rope(500.0))
    yield "llama_tied", LlamaForCausalLM, LlamaConfig(
        **COMMON, num_hidden_layers=2, head_dim=10, tie_word_embeddings=True, rope_parameters=rope(10000.0))
    # Waves of this scaling are long, short and between within 64 positions.
    yield "llama_scaled", LlamaForCausalLM, LlamaConfig(
        **COMMON, num_hidden_layers=2, head_dim=12, tie_word_embeddings=False, rope_parameters={
            "rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 48})
    yield "qwen2_tied", Qwen2ForCausalLM, Qwen2Config(
        **COMMON, num_hidden_layers=2, head_dim=10, tie_word_embeddings=True, rope_parameters=rope(1e6))
    yield "qwen2_untied", Qwen2ForCausalLM, Qwen2Config(
        **COMMON, num_hidden_layers=2, head_dim=12, tie_word_embeddings=False, rope_parameters=rope(10000.0))


def randomize(model, seed):
    """Values that keep every part of the model away from trivial: weights near 1 / sqrt(inputs), norms around 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith("bias"):
                parameter.copy_(noise * 0.5)
            elif parameter.dim() == 1:
                parameter.copy_(1 + 0.3 * noise)
            elif "embed_tokens" in name:
                parameter.copy_(noise * 0.5)
            else:
                parameter.copy_(noise * 1.3 / parameter.shape[-1] ** 0.5)


def file_tensors(tensors, keep_fused):
    """Tensors under the names of files: experts one by one, as checkpoints store them."""
    result = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach()
        if keep_fused or ".mlp.experts." not in name:
            result[name] = tensor.clone().contiguous()
            continue
        prefix, which = name.rsplit(".", 1)
        for expert, matrix in enumerate(tensor):
            if which == "gate_up_proj":
                gate, up = matrix.chunk(2)
                result[f"{prefix}.{expert}.gate_proj.weight"] = gate.clone().contiguous()
                result[f"{prefix}.{expert}.up_proj.weight"] = up.clone().contiguous()
            else:
                result[f"{prefix}.{expert}.down_proj.weight"] = matrix.clone().contiguous()
    return result


def save_byte_tokenizer(folder):
    """The byte tokenizer built with the library, not copied from Reckon's file."""
    alphabet = {}
    spare = 256
    for byte in range(256):
        shown = 0x21 <= byte <= 0x7E or 0xA1 <= byte <= 0xAC or byte >= 0xAE
        alphabet[chr(byte if shown else spare)] = byte
        spare += not shown
    tokenizer = Tokenizer(models.BPE(vocab=alphabet, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<|end|>", special=True), AddedToken("<|pad|>", special=True)])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|end|>", "pad_token": "<|pad|>",
              "model_max_length": 1 << 30, "clean_up_tokenization_spaces": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def numbers(tensor):
    return [float(f"{x:.9g}") for x in tensor.flatten().tolist()]


def golden_values(model, seed):
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(0, 258, (9,), generator=generator)
    prompt = torch.randint(0, 256, (7,), generator=generator)
    completion = torch.cat([torch.randint(0, 256, (5,), generator=generator), torch.tensor([256])])
    coefficients = torch.randn(completion.shape, generator=generator)
    with torch.no_grad():
        logits = model(tokens[None]).logits[0]
    model.zero_grad()
    both = torch.cat([prompt, completion])
    logprob = torch.log_softmax(model(both[None]).logits[0].float(), -1)
    predicted = torch.arange(len(prompt) - 1, len(both) - 1)
    chosen = logprob[predicted, completion]
    loss = (coefficients * chosen).sum()
    loss.backward()
    return {"tokens": tokens.tolist(), "logits": [numbers(row) for row in logits], "prompt": prompt.tolist(),
            "completion": completion.tolist(), "coefficients": numbers(coefficients), "logprobs": numbers(chosen),
            "loss": float(f"{loss.item():.9g}")}


def main():
    torch.set_num_threads(1)
    for number, (name, kind, config) in enumerate(cases()):
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        model = kind(config).eval()
        randomize(model, seed=100 + number)
        folder = GOLDEN / name
        folder.mkdir(parents=True, exist_ok=True)
        fused = name == "qwen3_moe_mixed"  # the spelling that newer transformers keep in memory
        config.architectures = [kind.__name__]
        config.dtype = torch.float32
        (folder / "config.json").write_text(config.to_json_string())
        values = golden_values(model, seed=200 + number)
        tied = config.tie_word_embeddings
        weights = {k: v for k, v in model.state_dict().items() if not (tied and k == "lm_head.weight")}
        grads = {k: p.grad for k, p in model.named_parameters()}
        save_file(file_tensors(weights, fused), folder / "model.safetensors", {"format": "pt"})
        save_file(file_tensors(grads, False), folder / "grads.safetensors", {"format": "pt"})
        save_byte_tokenizer(folder)
        (folder / "golden.json").write_text(json.dumps(values) + "\n")
        print(name, sum(p.numel() for p in model.parameters()), "parameters, loss", values["loss"])


if __name__ == "__main__":
    main()
