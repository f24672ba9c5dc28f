"""Trains the demo model on the CPU; stop it at any time and call it again to go on from the last checkpoint.

    train.py --data DIR --out DIR --minutes 120 [--threads 2] [--batch 8] [--seed 1]

Progress is measured in minutes spent training, so that a budget is kept on any machine: the learning rate rises over
the first 2 %, stays, and falls linearly to zero over the last half. Writes OUT/checkpoint.pt and OUT/log.jsonl.
"""
import argparse
import dataclasses
import json
import math
import os
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F

import bpe
import model
import muon

CHECKPOINT_EVERY_S = 180


def windows(ids, count, length, begin, rng):
    """count random windows; the first id of each is <|begin_of_text|>, as perplexity windows have it."""
    starts = rng.integers(0, len(ids) - length - 1, count)
    batch = np.stack([ids[s:s + length + 1] for s in starts]).astype(np.int64)
    batch[:, 0] = begin
    return torch.from_numpy(batch)


def loss_of(net, batch, autocast=True):
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        logits = net(batch[:, :-1])
    return F.cross_entropy(logits.float().view(-1, logits.shape[-1]), batch[:, 1:].reshape(-1))


def rate(progress):
    return min(1.0, progress / 0.02, max(0.0, 1 - progress) / 0.5)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--data", required=True, type=pathlib.Path)
    args.add_argument("--out", required=True, type=pathlib.Path)
    args.add_argument("--minutes", required=True, type=float)
    args.add_argument("--threads", type=int, default=os.cpu_count())
    args.add_argument("--batch", type=int, default=8)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--layers", type=int, default=4)
    args = args.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)

    tokenizer = bpe.Tokenizer.load(args.data / "tokenizer.json")
    train = np.fromfile(args.data / "train.u16", dtype="<u2")
    valid = np.fromfile(args.data / "valid.u16", dtype="<u2")
    corpus = json.loads((args.data / "corpus.json").read_text())["valid"]
    tokens_per_byte = corpus["tokens"] / corpus["bytes"]
    begin = tokenizer.special["<|begin_of_text|>"]

    shape = model.Shape(vocab=tokenizer.size, layers=args.layers)
    net = model.Llama(shape)
    inner = [p for n, p in net.named_parameters() if n.startswith("blk.") and p.dim() == 2]
    outer = [p for n, p in net.named_parameters() if not (n.startswith("blk.") and p.dim() == 2)]
    optimizers = [muon.Muon(inner, lr=0.015, weight_decay=0.01), torch.optim.AdamW(outer, lr=3e-3, betas=(0.9, 0.98), weight_decay=0.0)]
    base = [[g["lr"] for g in o.param_groups] for o in optimizers]
    step, spent, tokens = 0, 0.0, 0
    saved = args.out / "checkpoint.pt"
    if saved.exists():
        state = torch.load(saved)
        net.load_state_dict(state["model"])
        for o, s in zip(optimizers, state["optimizers"]):
            o.load_state_dict(s)
        step, spent, tokens = state["step"], state["spent"], state["tokens"]
    print(f"{sum(p.numel() for p in net.parameters())} parameters, from step {step}", flush=True)

    held_out = windows(valid, 16, shape.context, begin, np.random.default_rng(0))
    budget = args.minutes * 60
    last_save, total = time.time(), 0.0
    while spent < budget:
        began = time.time()
        for o, rates in zip(optimizers, base):
            for g, lr in zip(o.param_groups, rates):
                g["lr"] = lr * rate((spent + 1e-9) / budget if step else 1e-3)
        batch = windows(train, args.batch, shape.context, begin, np.random.default_rng((args.seed, step)))
        loss = loss_of(net, batch)
        for o in optimizers:
            o.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(outer, 1.0)
        for o in optimizers:
            o.step()
        total += loss.item()
        step += 1
        tokens += batch[:, 1:].numel()
        spent += time.time() - began
        done = spent >= budget
        if step % 100 == 0 or done:
            with torch.no_grad():
                bits = loss_of(net, held_out).item() / math.log(2) * tokens_per_byte
            line = {"step": step, "tokens": tokens, "minutes": round(spent / 60, 2), "loss": round(total / 100, 4),
                    "held_out_bits_per_byte": round(bits, 4)}
            total = 0.0
            print(json.dumps(line), flush=True)
            with open(args.out / "log.jsonl", "a") as f:
                f.write(json.dumps(line) + "\n")
        if done or time.time() - last_save > CHECKPOINT_EVERY_S:
            state = {"model": net.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "step": step,
                     "spent": spent, "tokens": tokens, "shape": dataclasses.asdict(shape)}
            torch.save(state, str(saved) + ".new")
            os.replace(str(saved) + ".new", saved)
            last_save = time.time()


if __name__ == "__main__":
    main()
