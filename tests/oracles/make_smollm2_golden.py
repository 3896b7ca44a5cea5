"""Writes tests/golden/smollm2.json: logits and greedy continuations of SmolLM2-135M-Instruct by transformers in float32.

The model is the GGUF file that fetch_smollm2.py fetches, its values from the package `gguf`. For each prompt: token ids,
the logits after its last token (every STRIDE-th and the largest few), and GREEDY tokens with the gap between the two
best.
"""

import json
import pathlib

import gguf
import torch
from gguf.quants import dequantize
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

import fetch_smollm2
from make_gguf_golden import BLOCK_NAMES, OUTER_NAMES

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden" / "smollm2.json"
STRIDE, LARGEST, GREEDY = 499, 8, 12
PROMPTS = [
    "The capital of France is", "2 + 2 =", "def fibonacci(n):\n    ", "Once upon a time, there was",
    "Water boils at", "The quick brown fox", "If x + 3 = 10, then x =", "import numpy as", "Dear Sir or Madam,",
    "The opposite of hot is", "1, 2, 3, 4,", "Photosynthesis is", "SELECT * FROM", "\u4f60\u597d",
    "Natalia sold 48 clips in April and half as many in May. Altogether she sold", "The largest planet is",
    "for (int i = 0; i <", "A triangle has", "In 1492,",
    "<|im_start|>user\nWhat is 7 times 8?<|im_end|>\n<|im_start|>assistant\n",
]


def separated(weight, heads):
    """Undoes the converter's order: the two halves of rotary pairs side by side in each head."""
    return weight.reshape(heads, -1, 2, weight.shape[1]).transpose(1, 2).reshape(weight.shape)


def read_model(path):
    config = LlamaConfig(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
                         num_attention_heads=9, num_key_value_heads=3, max_position_embeddings=8192, rms_norm_eps=1e-5,
                         tie_word_embeddings=True, rope_parameters={"rope_type": "default", "rope_theta": 100000.0},
                         attn_implementation="eager")
    model = LlamaForCausalLM(config).eval()
    names = {short: long for long, short in OUTER_NAMES.items()}
    blocks = {short: long for long, short in BLOCK_NAMES.items()}
    state = {}
    for tensor in gguf.GGUFReader(path).tensors:
        weight = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).astype("float32"))
        if tensor.name in names:
            state[names[tensor.name]] = weight
            continue
        _, layer, rest = tensor.name.split(".", 2)
        if rest == "attn_q.weight":
            weight = separated(weight, config.num_attention_heads)
        if rest == "attn_k.weight":
            weight = separated(weight, config.num_key_value_heads)
        state[f"model.layers.{layer}.{blocks[rest]}"] = weight
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert missing == ["lm_head.weight"] and not unexpected, (missing, unexpected)
    model.tie_weights()
    return model


def main():
    torch.set_num_threads(1)
    path = fetch_smollm2.TARGET
    model = read_model(path)
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    parameters = sum(p.numel() for p in model.parameters())
    prompts = []
    for text in PROMPTS:
        tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
        ids, greedy, gaps, cache = list(tokens), [], [], None
        with torch.no_grad():
            for step in range(GREEDY):
                output = model(torch.tensor([ids]), past_key_values=cache, use_cache=True)
                logits, cache = output.logits[0, -1], output.past_key_values
                best = torch.topk(logits, 2)
                if step == 0:
                    chosen = sorted(set(range(0, len(logits), STRIDE)) | set(torch.topk(logits, LARGEST).indices.tolist()))
                    values = [float(f"{logits[i].item():.9g}") for i in chosen]
                greedy.append(best.indices[0].item())
                gaps.append(float(f"{(best.values[0] - best.values[1]).item():.4g}"))
                ids = greedy[-1:]
        prompts.append({"text": text, "tokens": tokens, "ids": chosen, "logits": values, "greedy": greedy, "gaps": gaps})
        print(repr(text), "->", repr(tokenizer.decode(greedy)), min(gaps))
    OUT.write_text(json.dumps({"parameters": parameters, "prompts": prompts}) + "\n")


if __name__ == "__main__":
    main()
