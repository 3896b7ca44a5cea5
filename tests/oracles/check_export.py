"""Checks an exported folder with the libraries of its users.

Usage: check_export.py FOLDER [LOGITS]
LOGITS is a file {"tokens": [...], "logits": [[...] per token]} written beside the export.
Exit status 0: all agrees; 1: something differs.
"""

import json
import pathlib
import sys

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer

TOLERANCE = 1e-5  # of the largest logit


def check_tokenizer(folder):
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    auto = AutoTokenizer.from_pretrained(folder)
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


def check_logits(model, path):
    golden = json.loads(path.read_text())
    wanted = torch.tensor(golden["logits"], dtype=torch.float32)
    with torch.no_grad():
        logits = model(torch.tensor(golden["tokens"])[None]).logits[0].float()
    difference = ((logits - wanted).abs().max() / wanted.abs().max()).item()
    print(f"logits: greatest difference {difference:.2e} of the largest")
    return difference <= TOLERANCE


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, dtype="auto", attn_implementation="eager", output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"], f"tensors do not match: {info}"
    print(f"model: {type(model).__name__}, {sum(p.numel() for p in model.parameters())} parameters, {model.dtype}")
    check_tokenizer(folder)
    if len(sys.argv) > 2 and not check_logits(model.eval(), pathlib.Path(sys.argv[2])):
        sys.exit(1)


if __name__ == "__main__":
    main()
