"""Byte-level BPE in the Llama-3 manner: training, encoding and the GPT-2 byte alphabet.

The pre-tokenizer is the one llama.cpp calls `llama-bpe`, so the vocabulary trained here runs unchanged
under `tokenizer.ggml.pre = llama-bpe`.
"""
import collections
import heapq
import json

import regex

# Llama 3's split (tiktoken cl100k with digits in groups of at most three).
SPLIT = regex.compile(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+")

# The special tokens a Llama-3 chat template and generation loop refer to, in their order after the ordinary ones.
SPECIALS = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]


def byte_alphabet():
    """GPT-2's printable character for every byte: a list of 256 one-character strings."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(b) if b in plain else chr(next(spare)) for b in range(256)]


class Tokenizer:
    """Ids 0..255 are the bytes, then one id per merge, then SPECIALS."""

    def __init__(self, merges):
        self.merges = [tuple(pair) for pair in merges]
        self.rank = {pair: 256 + i for i, pair in enumerate(self.merges)}
        self.bytes = [bytes([b]) for b in range(256)]
        for left, right in self.merges:
            self.bytes.append(self.bytes[left] + self.bytes[right])
        self.special = {name: len(self.bytes) + i for i, name in enumerate(SPECIALS)}
        self.size = len(self.bytes) + len(SPECIALS)
        self._cache = {}

    def encode(self, text):
        ids = []
        for piece in SPLIT.findall(text):
            known = self._cache.get(piece)
            if known is None:
                known = self._cache[piece] = self._merge(list(piece.encode()))
            ids.extend(known)
        return ids

    def decode(self, ids):
        return b"".join(self.bytes[i] for i in ids if i < len(self.bytes)).decode(errors="replace")

    def _merge(self, ids):
        while len(ids) > 1:
            best = min(zip(ids, ids[1:]), key=lambda pair: self.rank.get(pair, 1 << 30))
            if best not in self.rank:
                break
            ids = replace(ids, best, self.rank[best])
        return ids

    def save(self, path):
        with open(path, "w") as f:
            json.dump({"merges": self.merges}, f)

    @staticmethod
    def load(path):
        with open(path) as f:
            return Tokenizer(json.load(f)["merges"])


def replace(ids, pair, new):
    """ids with every non-overlapping occurrence of pair, from the left, replaced by new."""
    out, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and ids[i] == pair[0] and ids[i + 1] == pair[1]:
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out


def train(texts, vocab_size):
    """Greedy BPE over the counted pieces of texts: vocab_size includes bytes and SPECIALS."""
    counts = collections.Counter()
    for text in texts:
        counts.update(SPLIT.findall(text))
    words = [(list(piece.encode()), n) for piece, n in counts.items()]
    pairs, places = collections.Counter(), collections.defaultdict(set)
    for w, (ids, n) in enumerate(words):
        for pair in zip(ids, ids[1:]):
            pairs[pair] += n
            places[pair].add(w)
    # A heap with stale entries: an entry counts only while it agrees with `pairs`. Ties go to the smaller pair.
    heap = [(-n, pair) for pair, n in pairs.items()]
    heapq.heapify(heap)
    merges = []
    while len(merges) < vocab_size - 256 - len(SPECIALS):
        n, pair = heapq.heappop(heap)
        if pairs[pair] != -n or n == 0:
            continue
        new = 256 + len(merges)
        merges.append(pair)
        changed = set()
        for w in places.pop(pair):
            ids, count = words[w]
            after = replace(ids, pair, new)
            for old in zip(ids, ids[1:]):
                pairs[old] -= count
                changed.add(old)
            for fresh in zip(after, after[1:]):
                pairs[fresh] += count
                places[fresh].add(w)
                changed.add(fresh)
            words[w] = (after, count)
        for touched in changed:
            if pairs[touched] > 0:
                heapq.heappush(heap, (-pairs[touched], touched))
    return Tokenizer(merges)
