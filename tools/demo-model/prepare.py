"""Trains the tokenizer and writes the corpus as token ids.

    prepare.py --train TRAIN.txt[.xz] --valid VALID.txt[.xz] --out DIR [--vocab 4096]

Books are separated by a NUL byte; each becomes <|begin_of_text|> … <|end_of_text|>.
Writes DIR/tokenizer.json, DIR/{train,valid}.u16 (little-endian uint16 ids) and DIR/corpus.json (bytes and tokens).
"""
import argparse
import json
import lzma
import pathlib

import numpy as np

import bpe


def books(path):
    opener = lzma.open if str(path).endswith(".xz") else open
    with opener(path, "rb") as f:
        return [b.decode() for b in f.read().split(b"\0") if b.strip()]


def encode(tokenizer, texts):
    begin, end = tokenizer.special["<|begin_of_text|>"], tokenizer.special["<|end_of_text|>"]
    ids = []
    for text in texts:
        ids.append(begin)
        ids.extend(tokenizer.encode(text))
        ids.append(end)
    return np.array(ids, dtype="<u2")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--train", required=True)
    args.add_argument("--valid", required=True)
    args.add_argument("--out", required=True, type=pathlib.Path)
    args.add_argument("--vocab", type=int, default=4096)
    args = args.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    texts = {"train": books(args.train), "valid": books(args.valid)}
    tokenizer = bpe.train(texts["train"], args.vocab)
    tokenizer.save(args.out / "tokenizer.json")
    corpus = {}
    for name, split in texts.items():
        ids = encode(tokenizer, split)
        ids.tofile(args.out / f"{name}.u16")
        corpus[name] = {"books": len(split), "bytes": sum(len(t.encode()) for t in split), "tokens": len(ids)}
    (args.out / "corpus.json").write_text(json.dumps(corpus, indent=1))
    print(json.dumps(corpus))


if __name__ == "__main__":
    main()
