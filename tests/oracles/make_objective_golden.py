"""Values the learner's objectives and optimizer are tested against, computed by torch's autograd and torch.optim.AdamW.

    python tests/oracles/make_objective_golden.py      (needs torch 2.x; run by hand)

writes tests/golden/objectives.json and tests/golden/adamw.json. Nothing here is shared with the C++ code: the batch is
padded and masked, statistics are torch's, derivatives come from autograd in double.
"""

import itertools
import json
import math
import pathlib

import torch

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
F64 = torch.float64


def advantages(name, rewards):
    """Of one group's counted members."""
    r = torch.tensor(rewards, dtype=F64)
    n = len(r)
    if n == 1:
        return [0.0]
    if name == "grpo":
        a = (r - r.mean()) / (r.std(unbiased=True) + 1e-6)
    elif name == "dr_grpo":
        a = r - r.mean()
    elif name == "rloo":
        others = (torch.ones(n, n, dtype=F64) - torch.eye(n, dtype=F64)) / (n - 1)
        a = r - others @ r
    return a.tolist()


def update(batch, choice):
    """Loss and gradient of one optimizer update."""
    groups, tokens = batch["groups"], batch["samples"]
    adv = [0.0] * len(tokens)
    for group in groups:
        counted = [i for i in group if tokens[i]["counted"]]
        for i, a in zip(counted, advantages(choice["advantage"], [tokens[i]["reward"] for i in counted])):
            adv[i] = a
    width = max(len(s["old"]) for s in tokens)

    def padded(key):
        return torch.tensor([s[key] + [0.0] * (width - len(s[key])) for s in tokens], dtype=F64)

    old, ref, new = padded("old"), padded("ref"), padded("new").requires_grad_()
    mask = torch.tensor([[float(t < len(s["old"]) and s["counted"] and not s["masked"]) for t in range(width)]
                         for s in tokens], dtype=F64)
    a = torch.tensor(adv, dtype=F64)[:, None]
    ratio = torch.exp(torch.clamp(new - old, -20, 20))
    if choice["loss"] == "ppo_clip":
        plain = -ratio * a
        bounded = -torch.clamp(ratio, 1 - choice["clip_low"], 1 + choice["clip_high"]) * a
        per_token = torch.maximum(plain, bounded)
        clipped = ((bounded > plain) * mask).sum()
    else:
        per_token = -a * new
        clipped = torch.zeros(())
    d = torch.clamp(new - ref, -20, 20)
    kl = d.square() / 2 if choice["kl"] == "k2" else torch.exp(-d) - 1 + d
    per_token = per_token + choice["kl_coef"] * kl
    live = mask.sum(1) > 0
    sums = (per_token * mask).sum(1)
    if choice["aggregation"] == "token_mean":
        loss = sums.sum() / mask.sum()
    elif choice["aggregation"] == "seq_mean_token_mean":
        loss = (sums[live] / mask.sum(1)[live]).mean()
    elif choice["aggregation"] == "seq_mean_token_sum_norm":
        loss = (sums[live] / batch["length_norm"]).mean()
    loss.backward()
    return {
        **choice,
        "value": loss.item(),
        "gradient": [new.grad[i, : len(s["old"])].tolist() for i, s in enumerate(tokens)],
        "mean_kl": ((kl * mask).sum() / mask.sum()).item(),
        "clipped": clipped.item(),
        "tokens": mask.sum().item(),
        "ratio_max": (ratio * mask).max().item(),
    }


def f32(x):
    """The double that a float holds, so that both sides start from the same numbers."""
    return torch.tensor(x, dtype=torch.float32).item()


def make_batch(shifts):
    """Groups: four members of unequal length; one member not counted and one cut off (masked); a group of one; equal
    rewards (no variance, alive only through the KL term)."""
    generator = torch.Generator().manual_seed(7)
    plan = [  # (reward, counted, masked, length) per member
        [(1.0, True, False, 5), (0.0, True, False, 3), (0.25, True, False, 7), (0.0, True, False, 1)],
        [(1.0, True, False, 4), (-3.0, False, False, 2), (0.0, True, True, 6), (0.5, True, False, 2)],
        [(0.75, True, False, 3)],
        [(0.5, True, False, 2), (0.5, True, False, 4), (0.5, True, False, 1)],
    ]
    samples, groups, token = [], [], 0
    for group in plan:
        groups.append(list(range(len(samples), len(samples) + len(group))))
        for reward, counted, masked, length in group:
            old = (-3 * torch.rand(length, generator=generator)).tolist()
            ref = [x + 0.4 * torch.randn((), generator=generator).item() for x in old]
            new = []
            for x in old:
                new.append(f32(x + shifts[token % len(shifts)]))
                token += 1
            samples.append({"reward": reward, "counted": counted, "masked": masked, "old": [f32(x) for x in old],
                            "ref": [f32(x) for x in ref], "new": new})
    return {"groups": groups, "samples": samples, "length_norm": 16.0, "cases": []}


def objectives():
    groups = [[1.0, 0.0, 0.0, 1.0, 0.5], [0.3, -2.0], [0.7], [0.1, 0.1, 0.1], [1e-3, 0.0, 2e-3],
              [4.0, -1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]]
    table = [{"name": name, "rewards": rewards, "expected": advantages(name, rewards)}
             for name in ("grpo", "dr_grpo", "rloo") for rewards in groups]

    # Inside the bounds, beyond either, and exactly on policy; never on a bound, where the derivative is a matter of taste.
    main = make_batch([0.0, 0.1, -0.15, 0.5, -0.6, 0.24, -0.22, 0.3, -0.3])
    for advantage, loss, aggregation, (kl, coef) in itertools.product(
            ("grpo", "dr_grpo", "rloo"), ("ppo_clip", "reinforce"),
            ("token_mean", "seq_mean_token_mean", "seq_mean_token_sum_norm"),
            (("k3", 0.0), ("k2", 0.3), ("k3", 0.05))):
        main["cases"].append(update(main, {"advantage": advantage, "loss": loss, "aggregation": aggregation,
                                           "clip_low": 0.2, "clip_high": 0.28, "kl": kl, "kl_coef": coef}))
    main["cases"].append(update(main, {"advantage": "grpo", "loss": "ppo_clip", "aggregation": "token_mean",
                                       "clip_low": 0.14, "clip_high": 0.55, "kl": "k3", "kl_coef": 0.0}))

    # Log ratios beyond +-20, to the sampler and to the reference.
    far = make_batch([0.0, 26.0, -30.0, 0.2])
    for kl, aggregation in (("k2", "token_mean"), ("k3", "seq_mean_token_mean")):
        far["cases"].append(update(far, {"advantage": "dr_grpo", "loss": "ppo_clip", "aggregation": aggregation,
                                         "clip_low": 0.2, "clip_high": 0.28, "kl": kl, "kl_coef": 0.5}))
    return {"advantages": table, "updates": [main, far]}


def adamw():
    """Three parameters as torch sees them, one without decay; gradients from 1e-12 to 10; scaled as by clipping."""
    generator = torch.Generator().manual_seed(11)
    runs = []
    for beta1, beta2, eps, decay, scale in ((0.9, 0.95, 1e-8, 0.1, 1.0), (0.9, 0.999, 1e-15, 0.0, 0.25),
                                            (0.8, 0.9, 1e-6, 0.3, 0.5)):
        values = [f32(x) for x in torch.randn(8, generator=generator).tolist()]
        rates = [0.01, 0.02, 0.005, 0.01, 0.03]
        steps = [[f32(x * 10.0 ** e) for x, e in zip(torch.randn(8, generator=generator).tolist(),
                                                     (1, 0, -1, -2, -4, -6, -9, -12))] for _ in rates]
        run = {"beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": decay, "scale": scale, "initial": values,
               "rates": rates, "gradients": steps}
        for key, wd in (("decayed", decay), ("kept", 0.0)):
            parameter = torch.tensor(values, dtype=F64, requires_grad=True)
            optimizer = torch.optim.AdamW([parameter], lr=1.0, betas=(beta1, beta2), eps=eps, weight_decay=wd)
            run[key] = []
            for rate, gradient in zip(rates, steps):
                optimizer.param_groups[0]["lr"] = rate
                parameter.grad = torch.tensor(gradient, dtype=F64) * scale
                optimizer.step()
                run[key].append(parameter.tolist())
        state = optimizer.state[parameter]
        run["first_moment"], run["second_moment"] = state["exp_avg"].tolist(), state["exp_avg_sq"].tolist()
        runs.append(run)
    return runs


def write(name, value):
    def check(x):
        if isinstance(x, dict):
            [check(y) for y in x.values()]
        elif isinstance(x, list):
            [check(y) for y in x]
        elif isinstance(x, float):
            assert math.isfinite(x)
    check(value)
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / name).write_text(json.dumps(value, separators=(",", ":")).replace('{"advantage"', '\n{"advantage"')
                               .replace('{"reward"', '\n{"reward"').replace('{"beta1"', '\n{"beta1"') + "\n")


if __name__ == "__main__":
    write("objectives.json", objectives())
    write("adamw.json", adamw())
