"""Bits per byte of a checkpoint on the held-out books, and samples.

    evaluate.py --data DIR --checkpoint OUT/checkpoint.pt [--windows N] [--prompt TEXT --tokens 120 --temperature 0.8 --seed 1]

Held-out ids are cut into windows of the model's context, each begun with <|begin_of_text|>; the second half of each
window is scored, as llama.cpp's perplexity tool does, and the mean is converted with the corpus's tokens per byte.
"""
import argparse
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

import bpe
import model


def load(checkpoint):
    state = torch.load(checkpoint, map_location="cpu")
    net = model.Llama(model.Shape(**state["shape"]))
    net.load_state_dict(state["model"])
    return net.eval()


@torch.no_grad()
def bits_per_byte(net, ids, begin, tokens_per_byte, most):
    context = net.shape.context
    count = min(most, len(ids) // context)
    windows = torch.from_numpy(ids[:count * context].astype(np.int64).reshape(count, context)).clone()
    windows[:, 0] = begin
    total = scored = 0
    for batch in windows.split(8):
        half = context // 2
        logits = net(batch)[:, half:-1]
        total += F.cross_entropy(logits.reshape(-1, logits.shape[-1]), batch[:, half + 1:].reshape(-1), reduction="sum").item()
        scored += batch[:, half + 1:].numel()
    mean = total / scored
    return {"perplexity": math.exp(mean), "bits_per_byte": mean / math.log(2) * tokens_per_byte, "tokens": scored}


@torch.no_grad()
def write_on(net, tokenizer, prompt, tokens, temperature, seed):
    generator = torch.Generator().manual_seed(seed)
    ids = [tokenizer.special["<|begin_of_text|>"]] + tokenizer.encode(prompt)
    for _ in range(tokens):
        logits = net(torch.tensor([ids[-net.shape.context:]]))[0, -1]
        if temperature == 0:
            ids.append(int(logits.argmax()))
        else:
            ids.append(int(torch.multinomial(torch.softmax(logits / temperature, -1), 1, generator=generator)))
        if ids[-1] == tokenizer.special["<|end_of_text|>"]:
            break
    return tokenizer.decode(ids[1:])


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--data", required=True, type=pathlib.Path)
    args.add_argument("--checkpoint", required=True, type=pathlib.Path)
    args.add_argument("--windows", type=int, default=1 << 30)
    args.add_argument("--prompt", action="append", default=[])
    args.add_argument("--tokens", type=int, default=120)
    args.add_argument("--temperature", type=float, default=0.8)
    args.add_argument("--seed", type=int, default=1)
    args = args.parse_args()
    net = load(args.checkpoint)
    tokenizer = bpe.Tokenizer.load(args.data / "tokenizer.json")
    corpus = json.loads((args.data / "corpus.json").read_text())["valid"]
    ids = np.fromfile(args.data / "valid.u16", dtype="<u2")
    for prompt in args.prompt:
        print(write_on(net, tokenizer, prompt, args.tokens, args.temperature, args.seed), "\n---")
    if args.windows > 0:
        print(json.dumps(bits_per_byte(
            net, ids, tokenizer.special["<|begin_of_text|>"], corpus["tokens"] / corpus["bytes"], args.windows)))


if __name__ == "__main__":
    main()
