"""Checks an exported folder with the libraries of its users.

Usage: check_export.py FOLDER [SAMPLES]
SAMPLES is what `reckon sample FOLDER TEXT --json -n 64 --temperature 3` printed: transformers must give every sampled
token the log-prob that Reckon's sampler gave it. A high temperature makes the samples visit the whole vocabulary.
Exit status 0: all agrees; 1: something differs.
"""

import json
import pathlib
import sys

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer

TOLERANCE = 1e-5  # of the largest logit, for float32 models


def check_tokenizer(folder):
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    auto = AutoTokenizer.from_pretrained(folder)
    if plain.get_vocab_size() != 258:
        print(f"tokenizer: {type(auto).__name__}, {len(auto)} ids, not the byte tokenizer")
        return
    text = "Total: 12 + 30 = 42\n\tça, 你好 🙂  two  spaces "
    wanted = list(text.encode())
    assert plain.encode(text).ids == wanted, "tokenizers gives other ids than the bytes"
    assert auto(text)["input_ids"] == wanted, "AutoTokenizer gives other ids than the bytes"
    assert plain.decode(wanted) == text and auto.decode(wanted) == text, "decoding does not give the text back"
    for byte in range(256):
        shown = plain.id_to_token(byte)
        assert shown is not None and plain.token_to_id(shown) == byte, f"byte {byte} has no token"
    assert (auto.eos_token_id, auto.pad_token_id) == (256, 257), "special tokens have other ids"
    print(f"tokenizer: {type(auto).__name__}, {len(auto)} ids, bytes round-trip")


def check_samples(model, path):
    """Differences are in units of a logit: those of the log-probs at the sampling temperature, times it."""
    greatest, largest, count, seen = 0.0, 0.0, 0, set()
    for line in path.read_text().splitlines():
        sample = json.loads(line)
        temperature = sample["sampling"]["temperature"] or 1.0
        prompt, tokens = sample["prompt_tokens"], sample["tokens"]
        with torch.no_grad():
            logits = model(torch.tensor(prompt + tokens)[None]).logits[0].float()
        predicted = logits[len(prompt) - 1 : -1]
        wanted = torch.log_softmax(predicted.double() / temperature, -1)
        wanted = wanted[torch.arange(len(tokens)), torch.tensor(tokens)]
        difference = (wanted - torch.tensor(sample["logprobs"], dtype=torch.float64)).abs().max().item()
        greatest = max(greatest, temperature * difference)
        largest = max(largest, predicted.abs().max().item())
        count += len(tokens)
        seen.update(tokens)
    print(f"logits: {count} tokens, {len(seen)} of {model.config.vocab_size} ids, largest {largest:.3f}, "
          f"greatest difference {greatest:.2e}: {greatest / largest:.2e} of the largest")
    if model.dtype != torch.float32:
        print("logits: no bar for this type: both round activations, and a near tie in a router picks other experts")
        return True
    return greatest <= TOLERANCE * largest


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, dtype="auto", attn_implementation="eager", output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"], f"tensors do not match: {info}"
    print(f"model: {type(model).__name__}, {sum(p.numel() for p in model.parameters())} parameters, {model.dtype}")
    check_tokenizer(folder)
    if len(sys.argv) > 2 and not check_samples(model.eval(), pathlib.Path(sys.argv[2])):
        sys.exit(1)


if __name__ == "__main__":
    main()
