"""Writes tests/golden/tokenizers/: small tokenizers in the shapes of published ones, and the ids that the `tokenizers`
library gives for 2,100 mixed strings. Everything follows from fixed seeds.

    ~/oracle/bin/python tests/oracles/make_tokenizer_golden.py [GPT2_TOKENIZER_JSON]

With a path, it also writes gpt2.digests.json: digests of the ids of GPT-2's own file, which is not part of this repository.
"""
import hashlib
import json
import random
import sys
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = Path(__file__).resolve().parent.parent / "golden" / "tokenizers"

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
DEEPSEEK = [r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+",
            r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
            r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"]
SPECIALS = ["<|end|>", "<|im_start|>", "<think>", "</think>"]
WORDS = ("the of and to in is that for it was on are as with his they at be this have from or one had by word but "
         "not what all were we when your can said there use an each which she do how their if will up other about "
         "out many then them these so some her would make like him into time has look two more write go see number "
         "answer problem solution equation therefore because integer prime value sum product remainder we're don't "
         "I'll they've she'd it's you're HTML JSON CamelCase snake_case x1 y22 z333 Straße naïve café über").split()
CODE = ["def f(x):\n    return x * 2\n", "for (int i = 0; i < n; ++i) {\n\tsum += a[i];\n}\n", "if x != None: pass",
        "#include <vector>\n\n", "SELECT * FROM t WHERE id >= 10;", "let y = &mut x[..];", "a->b::c<d>()", "/* c */ //",
        "print(f\"{x:.3f}\\n\")", "    \n\t\t}\n", "0xDEADBEEF 1e-5 3.14", "import numpy as np\r\n", "__init__", "=>>=<<="]
MATH = ["$\\frac{1}{2} + \\sqrt{x^2}$", "\\boxed{42}", "3 + 5 = 8", "∑_{i=1}^{n} i² ≤ ∞", "∀x ∈ ℝ: x² ≥ 0", "12,345.678",
        "1/3 ≈ 0.333", "½ ¾ ⅔", "x₁ + x₂", "10^{23}", "½3", "７８９", "一二三", "٣٤٥", "Ⅳ"]
CJK = ["我想在apple工作1314151天～", "日本語のテキスト、カタカナ。", "한국어 문장입니다.", "中文，标点！", "こんにちは世界", "繁體字"]
OTHER = ["нещо на Български", "Ελληνικά", "العربية", "עברית", "हिन्दी", "ไทย", "កាន់តែពិសេស", "Tiếng Việt", "e\u0301 vs \u00e9",
         "A\u030a n\u0303", "\u1e9b\u0323", "ﬁ ﬂ", "\u0344", "가 \u1100\u1161", "ſs 'ſ 'S K", "\u212b \u2126"]
EMOJI = ["🚀", "😶‍🌫️", "✅", "🦙🦙", "👩‍👩‍👧", "🇩🇪", "1️⃣", "😁?"]
SPACES = [" ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", "\u00a0", "\u2003", "\u3000", "\u180e", "\u2028", "\u0085", "\u200b"]
CONTROL = ["\x00", "\x01", "\x1b[0m", "\x7f", "\u0080", "\ufeff", "\ufffd", "\ue000", "\U000f0000"]
MARKED = SPECIALS + ["<|end", "|>", "<|end|><|end|>", " <think> ", "<think></think>", "x<|im_start|>y", "solo", " solo ", "solos", "<s>"]


def strings(count, seed):
    rng = random.Random(seed)
    kinds = [(WORDS, 12), (CODE, 3), (MATH, 3), (CJK, 2), (OTHER, 3), (EMOJI, 1), (SPACES, 4), (CONTROL, 1), (MARKED, 2)]
    out = [""]
    while len(out) < count:
        parts = []
        for _ in range(rng.choice([1, 1, 2, 3, 4, 7])):
            kind = rng.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
            parts.append(rng.choice(kind))
            if rng.random() < 0.6:
                parts.append(" ")
        out.append("".join(parts))
    return out


def train(tokenizer, size, **more):
    tokenizer.train_from_iterator(strings(3000, 1), trainers.BpeTrainer(vocab_size=size, show_progress=False, **more))
    tokenizer.add_special_tokens([AddedToken("<|end|>", normalized=False, special=True),
                                  AddedToken("<|im_start|>", normalized=False, special=True, rstrip=True)])
    tokenizer.add_tokens([AddedToken("<think>", normalized=False, special=False),
                          AddedToken("</think>", normalized=True, special=False, lstrip=True),
                          AddedToken("solo", normalized=True, special=False, single_word=True)])
    return tokenizer


def byte_level(steps, normalizer=None, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.decoder = decoders.ByteLevel()
    return train(tokenizer, 700, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def last(use_regex=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def sentencepiece():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    # Few of the characters are in the alphabet, so that bytes are needed.
    return train(tokenizer, 700, special_tokens=["<unk>", "<s>"] + [f"<0x{b:02X}>" for b in range(256)],
                 limit_alphabet=90)


def save(name, tokenizer, source):
    text = tokenizer.to_str()
    ids = {"plain": [], "specials": []}
    for string in source:
        for kind, escape in (("plain", True), ("specials", False)):
            tokenizer.encode_special_tokens = escape
            ids[kind].append(tokenizer.encode(string, add_special_tokens=False).ids)
    # Where the special tokens change nothing, one list is enough.
    differing = {str(i): ids["specials"][i] for i in range(len(source)) if ids["specials"][i] != ids["plain"][i]}
    (OUT / f"{name}.ids.json").write_text(
        json.dumps({"plain": ids["plain"], "specials": differing}, separators=(",", ":")) + "\n")
    return text


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    source = strings(2100, 2)
    # Every tokenizer answers for its own share.
    (OUT / "strings.json").write_text(json.dumps(source, separators=(",", ":"), ensure_ascii=False) + "\n")
    llama3 = byte_level([split(LLAMA3), last()], ignore_merges=True)
    llama3.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|im_start|> $A", pair=None,
                                      special_tokens=[("<|im_start|>", llama3.token_to_id("<|im_start|>"))])])
    made = {
        "llama3": llama3,
        "qwen2": byte_level([split(QWEN2), last()], normalizers.NFC()),
        "deepseek": byte_level([split(p) for p in DEEPSEEK] + [last()], normalizers.Sequence([])),
        "smollm": byte_level([pre_tokenizers.Digits(individual_digits=True), last(use_regex=True)]),
        "punctuation": byte_level([pre_tokenizers.Punctuation("merged_with_next"),
                                   pre_tokenizers.Split(" ", "merged_with_previous"),
                                   pre_tokenizers.Split(Regex(r"\d+"), "contiguous"), last()]),
        "sentencepiece": sentencepiece(),
    }
    for number, (name, tokenizer) in enumerate(made.items()):
        text = save(name, tokenizer, source[number::len(made)])
        (OUT / f"{name}.json").write_text(json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False) + "\n")
    if len(sys.argv) > 1:
        # All strings; of the ids only a digest per string, for size.
        tokenizer = Tokenizer.from_file(sys.argv[1])
        digests = []
        for string in source:
            lists = []
            for escape in (True, False):
                tokenizer.encode_special_tokens = escape
                lists.append(",".join(map(str, tokenizer.encode(string, add_special_tokens=False).ids)))
            digests.append(hashlib.sha256(";".join(lists).encode()).hexdigest()[:8])
        (OUT / "gpt2.digests.json").write_text(json.dumps(digests, separators=(",", ":")) + "\n")


main()
