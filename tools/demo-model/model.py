"""A Llama: RMSNorm, rotary embeddings, grouped queries, SwiGLU, tied embeddings. Names follow GGUF."""
import dataclasses
import math

import torch
import torch.nn.functional as F
from torch import nn


@dataclasses.dataclass(frozen=True)
class Shape:
    vocab: int
    dim: int = 256
    ffn: int = 768
    layers: int = 5
    heads: int = 4
    kv_heads: int = 2
    context: int = 512
    rope_base: float = 10000.0
    eps: float = 1e-5

    @property
    def head_dim(self):
        return self.dim // self.heads


class RmsNorm(nn.Module):
    def __init__(self, dim, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def rope_tables(shape):
    """cos, sin: [context][head_dim / 2]."""
    frequency = shape.rope_base ** (-torch.arange(0, shape.head_dim, 2).float() / shape.head_dim)
    angle = torch.outer(torch.arange(shape.context).float(), frequency)
    return angle.cos(), angle.sin()


def rotate(x, cos, sin):
    """Rotates the pairs (2i, 2i+1) of x [batch][heads][positions][head_dim]: the layout of GGUF's `llama`."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        kv = shape.kv_heads * shape.head_dim
        self.attn_norm = RmsNorm(shape.dim, shape.eps)
        self.attn_q = nn.Linear(shape.dim, shape.dim, bias=False)
        self.attn_k = nn.Linear(shape.dim, kv, bias=False)
        self.attn_v = nn.Linear(shape.dim, kv, bias=False)
        self.attn_output = nn.Linear(shape.dim, shape.dim, bias=False)
        self.ffn_norm = RmsNorm(shape.dim, shape.eps)
        self.ffn_gate = nn.Linear(shape.dim, shape.ffn, bias=False)
        self.ffn_up = nn.Linear(shape.dim, shape.ffn, bias=False)
        self.ffn_down = nn.Linear(shape.ffn, shape.dim, bias=False)

    def forward(self, x, cos, sin, mask):
        x = x + self.attention(self.attn_norm(x), cos, sin, mask)
        h = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))

    def attention(self, h, cos, sin, mask):
        batch, positions, _ = h.shape
        shape = self.shape
        group = shape.heads // shape.kv_heads
        q = self.attn_q(h).view(batch, positions, shape.heads, shape.head_dim).transpose(1, 2)
        k = self.attn_k(h).view(batch, positions, shape.kv_heads, shape.head_dim).transpose(1, 2)
        v = self.attn_v(h).view(batch, positions, shape.kv_heads, shape.head_dim).transpose(1, 2)
        q, k = rotate(q, cos, sin).to(v.dtype), rotate(k, cos, sin).to(v.dtype)
        # The queries of one group share a key head: fold them into the position axis instead of repeating keys.
        q = q.reshape(batch, shape.kv_heads, group * positions, shape.head_dim) / math.sqrt(shape.head_dim)
        scores = (q @ k.transpose(-1, -2)).view(batch, shape.kv_heads, group, positions, positions)
        weights = torch.softmax(scores + mask, -1).to(v.dtype)
        out = weights.view(batch, shape.kv_heads, group * positions, positions) @ v
        out = out.view(batch, shape.heads, positions, shape.head_dim).transpose(1, 2)
        return self.attn_output(out.reshape(batch, positions, shape.dim))


class Llama(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocab, shape.dim)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = RmsNorm(shape.dim, shape.eps)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.02)
            if name.endswith(("attn_output.weight", "ffn_down.weight")):
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * shape.layers))

    def forward(self, ids):
        """Logits [batch][positions][vocab] for ids [batch][positions]."""
        positions = ids.shape[1]
        cos, sin = rope_tables(self.shape)
        mask = torch.full((positions, positions), float("-inf")).triu(1)
        x = self.token_embd(ids)
        for block in self.blk:
            x = block(x, cos[:positions], sin[:positions], mask)
        return F.linear(self.output_norm(x), self.token_embd.weight)
