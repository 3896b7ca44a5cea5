#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into corpus/; what fuzzing finds is added by hand.

    python3 tests/fuzz/make_corpus.py
"""
import json
import shutil
import struct
from pathlib import Path

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"


def write(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def safetensors(header, data):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def safetensors_seeds():
    def entry(dtype, shape, begin, end):
        return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}

    halves = struct.pack("<4e", 1.0, -2.5, 65504, 6e-8)
    floats = struct.pack("<6f", 0, 1, -1, 3.4e38, 1e-40, float("inf"))
    write("safetensors", "mixed", safetensors(
        {"__metadata__": {"format": "pt"}, "a": entry("F32", [2, 3], 0, 24), "b": entry("F16", [4], 24, 32),
         "c": entry("BF16", [2, 2], 32, 40), "d": entry("I64", [1], 40, 48), "e": entry("BOOL", [3], 48, 51),
         "f": entry("F8_E4M3", [1], 51, 52)}, floats + halves + halves + bytes(8) + bytes(4)))
    write("safetensors", "empty", safetensors({}, b""))
    write("safetensors", "scalar", safetensors({"x": entry("F64", [], 0, 8)}, bytes(8)))
    write("safetensors", "no_elements", safetensors({"x": entry("F32", [0, 7], 0, 0)}, b""))
    write("safetensors", "hole", safetensors({"x": entry("U8", [1], 1, 2)}, bytes(2)))
    write("safetensors", "overflow", safetensors({"x": entry("F32", [1 << 62, 1 << 62], 0, 4)}, bytes(4)))
    write("safetensors", "deep", safetensors(b'{"x":' + b"[" * 80 + b"]" * 80 + b"}", b""))
    write("safetensors", "huge_header", struct.pack("<Q", 1 << 63) + b"{}")


U8, I32, U32, F32, BOOL, STRING, ARRAY, U64, F64 = 0, 5, 4, 6, 7, 8, 9, 10, 12


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key, kind, value):
    packed = {U8: "<B", I32: "<i", U32: "<I", F32: "<f", BOOL: "<?", U64: "<Q", F64: "<d"}
    data = text(value) if kind == STRING else struct.pack(packed[kind], value)
    return text(key) + struct.pack("<I", kind) + data


def array(key, kind, values):
    packed = {I32: "<i", F32: "<f", U8: "<B"}
    data = b"".join(text(v) if kind == STRING else struct.pack(packed[kind], v) for v in values)
    return text(key) + struct.pack("<IIQ", ARRAY, kind, len(values)) + data


def gguf(pairs, tensors, version=3, alignment=32):
    infos, data = b"", b""
    for name, sizes, kind, raw in tensors:
        data += bytes(-len(data) % alignment)
        infos += text(name) + struct.pack("<I", len(sizes)) + struct.pack(f"<{len(sizes)}Q", *sizes)
        infos += struct.pack("<IQ", kind, len(data))
        data += raw
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(pairs)) + b"".join(pairs) + infos
    return head + bytes(-len(head) % alignment) + data


BLOCKS = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 8: (32, 34), 12: (256, 144),
          14: (256, 210), 30: (1, 2)}


def tensor(name, sizes, kind=0):
    count = 1
    for size in sizes:
        count *= size
    block, width = BLOCKS[kind]
    length = count // block * width
    return name, sizes, kind, (b"\x01\x3c\x80\x3f" * (length // 4 + 1))[:length]


def vocabulary(model):
    words = ["<unk>", "<s>", "</s>", "A", "m", "a", "l", "Am", "al", "1", "2", "<0x0A>"]
    pairs = [pair("tokenizer.ggml.model", STRING, model), array("tokenizer.ggml.tokens", STRING, words),
             array("tokenizer.ggml.token_type", I32, [2, 3, 3] + [1] * 8 + [6]),
             pair("tokenizer.ggml.bos_token_id", U32, 1), pair("tokenizer.ggml.eos_token_id", U32, 2),
             pair("tokenizer.ggml.add_bos_token", BOOL, True),
             pair("tokenizer.chat_template", STRING, "{{ messages[0].content }}")]
    if model == "llama":
        return pairs + [array("tokenizer.ggml.scores", F32, [0.0] * 3 + [-float(i) for i in range(9)])]
    return pairs + [pair("tokenizer.ggml.pre", STRING, "llama-bpe"),
                    array("tokenizer.ggml.merges", STRING, ["A m", "a l"])]


def decoder(architecture, hidden=8, heads=2, ffn=8, experts=0, embed=0, bias=False, norm=False, tied=True):
    dim = hidden // heads

    def key(name, kind, value):
        return pair(f"{architecture}.{name}", kind, value)

    pairs = [pair("general.architecture", STRING, architecture), key("embedding_length", U32, hidden),
             key("attention.head_count", U32, heads), key("attention.head_count_kv", U32, 1),
             key("context_length", U32, 32), key("block_count", U32, 1),
             key("attention.layer_norm_rms_epsilon", F32, 1e-5), key("rope.freq_base", F32, 10000.0)]
    if experts:
        pairs += [key("expert_count", U32, experts), key("expert_used_count", U32, 1),
                  key("expert_feed_forward_length", U32, ffn)]
    else:
        pairs += [key("feed_forward_length", U32, ffn)]
    blk = "blk.0."
    tensors = [tensor("token_embd.weight", [hidden, 12], embed), tensor(blk + "attn_norm.weight", [hidden]),
               tensor(blk + "attn_q.weight", [hidden, heads * dim]), tensor(blk + "attn_k.weight", [hidden, dim]),
               tensor(blk + "attn_v.weight", [hidden, dim], 1), tensor(blk + "attn_output.weight", [hidden, hidden], 30),
               tensor(blk + "ffn_norm.weight", [hidden]), tensor("output_norm.weight", [hidden])]
    stacked = [experts] if experts else []
    tail = "_exps.weight" if experts else ".weight"
    tensors += [tensor(blk + "ffn_gate" + tail, [hidden, ffn] + stacked),
                tensor(blk + "ffn_up" + tail, [hidden, ffn] + stacked),
                tensor(blk + "ffn_down" + tail, [ffn, hidden] + stacked)]
    if experts:
        tensors.append(tensor(blk + "ffn_gate_inp.weight", [hidden, experts]))
    if bias:
        tensors += [tensor(blk + f"attn_{x}.bias", [n]) for x, n in (("q", heads * dim), ("k", dim), ("v", dim))]
    if norm:
        tensors += [tensor(blk + f"attn_{x}_norm.weight", [dim]) for x in "qk"]
    if not tied:
        tensors.append(tensor("output.weight", [hidden, 12]))
    return pairs, tensors


def gguf_seeds():
    for name, words, arguments in (("llama", "llama", {"tied": False}), ("qwen2", "gpt2", {"bias": True}),
                                   ("qwen3", "gpt2", {"norm": True, "hidden": 32, "embed": 8}),
                                   ("qwen3moe", "gpt2", {"norm": True, "experts": 2})):
        pairs, tensors = decoder(name, **arguments)
        write("gguf", name, gguf(pairs + vocabulary(words), tensors))
    pairs, tensors = decoder("llama")
    words = [pair("tokenizer.ggml.model", STRING, "llama"), pair("tokenizer.ggml.eos_token_id", U32, 0),
             array("tokenizer.ggml.tokens", STRING, [b"\xff", b"a"]), array("tokenizer.ggml.scores", F32, [0.0, 0.0])]
    write("gguf", "token_not_utf8", gguf(pairs + words, tensors))
    huge = [pair("general.architecture", STRING, "qwen3moe")]
    huge += [pair("qwen3moe." + name, U32, value) for name, value in (
        ("embedding_length", 1 << 26), ("attention.head_count", 1), ("attention.key_length", 2), ("context_length", 32),
        ("block_count", 4096), ("expert_count", 65536), ("expert_used_count", 1), ("expert_feed_forward_length", 1 << 26))]
    huge += [pair("qwen3moe.attention.layer_norm_rms_epsilon", F32, 1e-5)]
    write("gguf", "more_parameters_than_2_63", gguf(huge, [tensor("token_embd.weight", [8, 12])]))
    quants = [tensor(f"t{kind}", [BLOCKS[kind][0], 1], kind) for kind in BLOCKS]
    write("gguf", "quants", gguf([pair("general.alignment", U32, 8)], quants, alignment=8))
    kinds = [pair("a", U8, 1), pair("b", I32, -1), pair("c", U64, 1 << 40), pair("d", F64, 1.5), pair("e", BOOL, True),
             array("f", U8, [1, 2, 3]), array("g", STRING, ["x", ""])]
    write("gguf", "values_version_2", gguf(kinds, [], version=2))
    write("gguf", "claims", b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1 << 60))


def tokenizer(**changes):
    words = ["<unk>", "a", "b", "c", "ab", "abc", "\u0120", "\u0120a", "1", "2", "\u010a"]
    base = {"version": "1.0", "added_tokens": [{"id": 11, "content": "<|end|>", "special": True, "normalized": False},
                                               {"id": 12, "content": "<tool>", "special": False, "lstrip": True,
                                                "rstrip": True, "single_word": True, "normalized": True}],
            "normalizer": {"type": "NFC"},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}| ?\\p{L}+|\\s+(?!\\S)|\\s+"},
                 "behavior": "Isolated", "invert": False},
                {"type": "Digits", "individual_digits": True},
                {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}]},
            "post_processor": {"type": "TemplateProcessing",
                               "single": [{"SpecialToken": {"id": "<|end|>", "type_id": 0}},
                                          {"Sequence": {"id": "A", "type_id": 0}}],
                               "special_tokens": {"<|end|>": {"id": "<|end|>", "ids": [11], "tokens": ["<|end|>"]}}},
            "decoder": {"type": "ByteLevel"},
            "model": {"type": "BPE", "unk_token": None, "ignore_merges": True,
                      "vocab": {word: i for i, word in enumerate(words)},
                      "merges": ["a b", ["ab", "c"], "\u0120 a"]}}
    base.update(changes)
    return json.dumps(base, ensure_ascii=False).encode()


def tokenizer_seeds():
    write("tokenizer", "byte_level", tokenizer() + b"\0abc ab a1 22\n<|end|> <tool> \xff\xe4\xb8\xad")
    space = "\u2581"
    words = ["<unk>", "<0x0A>", "<0xC3>", space, "a", "b", space + "a", "ab"]
    metaspace = {"type": "Metaspace", "replacement": space, "prepend_scheme": "first", "split": True}
    write("tokenizer", "metaspace", tokenizer(
        added_tokens=[], normalizer=None, pre_tokenizer=metaspace, post_processor=None, decoder=metaspace,
        model={"type": "BPE", "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True,
               "vocab": {word: i for i, word in enumerate(words)}, "merges": [[space, "a"], ["a", "b"]]})
        + b"\0a ab  b\n\xc3\xa9 z")
    normalizer = {"type": "Sequence", "normalizers": [
        {"type": "NFKD"}, {"type": "Prepend", "prepend": space},
        {"type": "Replace", "pattern": {"String": " "}, "content": space},
        {"type": "Replace", "pattern": {"Regex": "[0-9]"}, "content": "1"}]}
    chain = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": space}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    punctuation = {"type": "Sequence", "pretokenizers": [
        {"type": "Punctuation", "behavior": "MergedWithPrevious"},
        {"type": "Split", "pattern": {"String": "a"}, "behavior": "MergedWithNext", "invert": True}]}
    write("tokenizer", "normalizers", tokenizer(
        normalizer=normalizer, pre_tokenizer=punctuation, decoder=chain) + b"\0a.b, \xef\xac\x81 7")
    write("tokenizer", "slow_pattern", tokenizer(
        pre_tokenizer={"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Removed", "invert": False})
        + b"\0" + b"a" * 40 + b"!")
    write("tokenizer", "slow_pattern_everywhere", tokenizer(
        pre_tokenizer={"type": "Split", "pattern": {"Regex": "(a|aa)+[!?]"}, "behavior": "Removed", "invert": False})
        + b"\0" + (b"a" * 26 + b"b") * 100)
    write("tokenizer", "metaspace_for_nothing", tokenizer(decoder={"type": "Metaspace", "replacement": ""}))
    doubling = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
    write("tokenizer", "decoder_doubles", tokenizer(decoder={"type": "Sequence", "decoders": [doubling] * 40}))
    write("tokenizer", "normalizer_doubles", tokenizer(
        normalizer={"type": "Sequence", "normalizers": [doubling] * 30}))
    write("tokenizer", "word_piece", tokenizer(model={"type": "WordPiece", "vocab": {}}))


def template_seeds():
    for path in sorted((GOLDEN / "chat").glob("*.jinja")):
        shutil.copyfile(path, HERE / "corpus" / "template" / path.stem)
    snippets = json.loads((GOLDEN / "chat" / "snippets.json").read_text())
    rendered = [entry["source"] for entry in snippets["rendered"]]
    for at in range(0, len(rendered), 8):
        write("template", f"rendered_{at // 8:02}", "\n".join(rendered[at:at + 8]))
    for at in range(0, len(snippets["refused"]), 4):
        write("template", f"refused_{at // 4:02}", snippets["refused"][at]["source"])
    write("template", "endless_range", "{% for i in range(10**9) %}{% for j in range(10**9) %}x{% endfor %}{% endfor %}")
    write("template", "repetition", "{{ 'x' * 10**12 }}{{ [0] * 10**12 }}")
    write("template", "own_caller", "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}")
    write("template", "doubling", "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}"
          "{% endfor %}{{ ns.s }}")
    write("template", "unknown_filter", "{{ messages | frobnicate }}")
    write("template", "parentheses", "{{ " + "(" * 300 + "1" + ")" * 300 + " }}")


def math_seeds():
    """Answers of the verifier's own suite, a file of the suite in one input each for the responses."""
    suite = HERE.parent / "rewards" / "math" / "suite"
    for file in sorted(suite.glob("*.txt")):
        pairs = [line.split(" \u21d2 ") for line in file.read_text().splitlines() if " \u21d2 " in line]
        for gold, prediction, *_ in pairs[::10]:
            number = pairs.index([gold, prediction, *_])
            name = f"{file.stem.split('_')[0]}_{number:02d}"
            prediction = prediction.replace("<NL>", "\n")
            write("math_answer", name, f"{gold}\n{prediction}")
    responses = {
        "boxed": "<think>\\boxed{1}</think>So $x = \\boxed{\\frac{1}{2}}$.",
        "boxes": "\\boxed{3}, \\fbox{4} and \\boxed 5 or \\boxed{6}",
        "unclosed": "$\\boxed{\\frac{1}{2}$ and \\boxed{\\left\\{ 3",
        "hash": "#### Step 1\nso $5$ each\n#### 1,000",
        "statement": "Final Answer: The final answer is $\\frac12$. I hope it is correct.",
        "headline": "### Final Answer\n\n$$\n42\n$$\n",
        "lines": "A: 3\nB: 4\n**Answer:** \\(B\\), because it is so",
        "tag": "<answer> the answer is 8:34 p.m. </answer><answer>3",
        "bold": "It is **3** or **4** with *5*.",
        "last": "They pay $5 and 1,234.50 or -3/4, 50\\% in $x+1$ and \\[ y \\]",
        "bytes": b"\xff\xfe\xc3 \\boxed{\xf0\x9f} \x00 42",
        "braces": "{" * 200 + "\\boxed{" * 50 + "}" * 300,
    }
    for name, response in responses.items():
        write("math_response", name, response)


if __name__ == "__main__":
    (HERE / "corpus" / "template").mkdir(parents=True, exist_ok=True)
    safetensors_seeds()
    gguf_seeds()
    tokenizer_seeds()
    template_seeds()
    math_seeds()
