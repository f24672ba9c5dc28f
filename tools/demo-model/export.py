"""Writes a trained checkpoint as a GGUF file that llama.cpp and llama3.java read too.

    export.py --data DIR --checkpoint OUT/checkpoint.pt --name NAME --file demo.gguf [--type Q8_0|F32]
"""
import argparse
import pathlib

import numpy as np
import torch

import bpe
import gguf
import model

NORMAL, CONTROL = 1, 3


def metadata(name, shape, tokenizer):
    alphabet = bpe.byte_alphabet()
    spell = ["".join(alphabet[b] for b in piece) for piece in tokenizer.bytes]
    tokens = spell + bpe.SPECIALS
    return [
        ("general.architecture", gguf.STRING, "llama"),
        ("general.name", gguf.STRING, name),
        ("general.license", gguf.STRING, "apache-2.0"),
        ("general.description", gguf.STRING, "A small model of public-domain children's books, for trying out sparsity"),
        ("llama.block_count", gguf.UINT32, shape.layers),
        ("llama.context_length", gguf.UINT32, shape.context),
        ("llama.embedding_length", gguf.UINT32, shape.dim),
        ("llama.feed_forward_length", gguf.UINT32, shape.ffn),
        ("llama.attention.head_count", gguf.UINT32, shape.heads),
        ("llama.attention.head_count_kv", gguf.UINT32, shape.kv_heads),
        ("llama.attention.layer_norm_rms_epsilon", gguf.FLOAT32, shape.eps),
        ("llama.rope.dimension_count", gguf.UINT32, shape.head_dim),
        ("llama.rope.freq_base", gguf.FLOAT32, shape.rope_base),
        ("llama.vocab_size", gguf.UINT32, shape.vocab),
        ("tokenizer.ggml.model", gguf.STRING, "gpt2"),
        ("tokenizer.ggml.pre", gguf.STRING, "llama-bpe"),
        ("tokenizer.ggml.tokens", gguf.ARRAY, (gguf.STRING, tokens)),
        ("tokenizer.ggml.token_type", gguf.ARRAY,
         (gguf.INT32, [NORMAL] * len(spell) + [CONTROL] * len(bpe.SPECIALS))),
        ("tokenizer.ggml.merges", gguf.ARRAY,
         (gguf.STRING, [spell[left] + " " + spell[right] for left, right in tokenizer.merges])),
        ("tokenizer.ggml.bos_token_id", gguf.UINT32, tokenizer.special["<|begin_of_text|>"]),
        ("tokenizer.ggml.eos_token_id", gguf.UINT32, tokenizer.special["<|end_of_text|>"]),
        ("tokenizer.ggml.add_bos_token", gguf.BOOL, True),
    ]


def tensors(weights, kind):
    """Matrices in the type asked for, norms in F32."""
    out = []
    for name, value in weights.items():
        array = value.numpy().astype(np.float32)
        out.append((name, kind if array.ndim == 2 else gguf.F32, array))
    return out


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--data", required=True, type=pathlib.Path)
    args.add_argument("--checkpoint", required=True, type=pathlib.Path)
    args.add_argument("--name", required=True)
    args.add_argument("--file", required=True, type=pathlib.Path)
    args.add_argument("--type", choices=["Q8_0", "F32"], default="Q8_0")
    args = args.parse_args()
    state = torch.load(args.checkpoint, map_location="cpu")
    shape = model.Shape(**state["shape"])
    tokenizer = bpe.Tokenizer.load(args.data / "tokenizer.json")
    gguf.write(args.file, metadata(args.name, shape, tokenizer), tensors(state["model"], getattr(gguf, args.type)))
    print(f"{args.file}: {args.file.stat().st_size} bytes, step {state['step']}, {state['tokens']} tokens seen")


if __name__ == "__main__":
    main()
