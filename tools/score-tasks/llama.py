"""A Llama in GGUF read and run with numpy alone, in double precision: slow, short, and written from the format's and the
network's definitions, so that it can serve as the oracle of a runtime. Tensors in F32, F16 and Q8_0."""
import struct

import numpy as np
import regex

SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
STRING, ARRAY = 8, 9


class Gguf:
    """Metadata and tensors of a file."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.at = 8
        tensors, values = self._take("<Q"), self._take("<Q")
        self.metadata = {}
        for _ in range(values):
            key = self._string()
            self.metadata[key] = self._value(self._take("<I"))
        self.infos = {}
        for _ in range(tensors):
            name = self._string()
            shape = [self._take("<Q") for _ in range(self._take("<I"))]
            self.infos[name] = shape[::-1], self._take("<I"), self._take("<Q")
        alignment = self.metadata.get("general.alignment", 32)
        self.start = -(-self.at // alignment) * alignment

    def _take(self, form):
        value = struct.unpack_from(form, self.data, self.at)[0]
        self.at += struct.calcsize(form)
        return value

    def _string(self):
        size = self._take("<Q")
        self.at += size
        return self.data[self.at - size:self.at].decode()

    def _value(self, kind):
        if kind == STRING:
            return self._string()
        if kind == ARRAY:
            item, count = self._take("<I"), self._take("<Q")
            return [self._value(item) for _ in range(count)]
        return self._take(SCALARS[kind])

    def tensor(self, name):
        shape, kind, offset = self.infos[name]
        n, at = int(np.prod(shape)), self.start + offset
        if kind == 8:
            blocks = np.frombuffer(self.data, np.dtype([("d", "<f2"), ("q", "i1", 32)]), n // 32, at)
            return (blocks["d"].astype(np.float64)[:, None] * blocks["q"]).reshape(shape)
        return np.frombuffer(self.data, {0: "<f4", 1: "<f2"}[kind], n, at).astype(np.float64).reshape(shape)


class SentencePiece:
    """Merges the pair whose joint piece has the best score, the leftmost of equals."""

    def __init__(self, metadata):
        pieces = metadata["tokenizer.ggml.tokens"]
        self.ids = {piece: i for i, piece in enumerate(pieces)}
        self.scores = metadata["tokenizer.ggml.scores"]
        self.bos = metadata["tokenizer.ggml.bos_token_id"]

    def encode(self, text):
        parts = list("\u2581" + text.replace(" ", "\u2581"))
        while True:
            joined = [(-self.scores[self.ids[a + b]], i) for i, (a, b) in enumerate(zip(parts, parts[1:])) if a + b in self.ids]
            if not joined:
                break
            i = min(joined)[1]
            parts[i:i + 2] = [parts[i] + parts[i + 1]]
        ids = [self.bos]
        for part in parts:
            ids += [self.ids[part]] if part in self.ids else [self.ids[f"<0x{b:02X}>"] for b in part.encode()]
        return ids


class ByteLevel:
    """Llama 3's words, each merged by the rank of its pairs."""

    WORDS = regex.compile(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")

    def __init__(self, metadata):
        self.ids = {piece: i for i, piece in enumerate(metadata["tokenizer.ggml.tokens"])}
        self.ranks = {tuple(merge.split(" ")): i for i, merge in enumerate(metadata["tokenizer.ggml.merges"])}
        self.bos = metadata["tokenizer.ggml.bos_token_id"]
        shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
        hidden = [b for b in range(256) if b not in shown]
        self.alphabet = {b: chr(b) for b in shown} | {b: chr(256 + i) for i, b in enumerate(hidden)}

    def encode(self, text):
        ids = [self.bos]
        for word in self.WORDS.findall(text):
            parts = [self.alphabet[b] for b in word.encode()]
            while len(parts) > 1:
                rank, i = min((self.ranks.get(pair, 1 << 30), i) for i, pair in enumerate(zip(parts, parts[1:])))
                if rank == 1 << 30:
                    break
                parts[i:i + 2] = [parts[i] + parts[i + 1]]
            ids += [self.ids[part] for part in parts]
        return ids


class Llama:
    """Logits of a whole sequence at once."""

    def __init__(self, path):
        file = Gguf(path)
        of = lambda key, default=None: file.metadata.get("llama." + key, default)
        self.tokenizer = (SentencePiece if file.metadata["tokenizer.ggml.model"] == "llama" else ByteLevel)(file.metadata)
        self.layers, self.heads, self.context = of("block_count"), of("attention.head_count"), of("context_length")
        self.groups = of("attention.head_count_kv", self.heads)
        self.epsilon, self.base = of("attention.layer_norm_rms_epsilon"), of("rope.freq_base", 10000.0)
        self.w = {name: file.tensor(name) for name in file.infos}
        self.size = of("embedding_length") // self.heads

    def norm(self, x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.epsilon) * self.w[name]

    def rotate(self, x):  # [positions][heads][size], neighbours are a pair
        angles = np.arange(len(x))[:, None] * self.base ** (-np.arange(0, self.size, 2) / self.size)
        pairs = x.reshape(*x.shape[:-1], -1, 2)
        turned = (pairs[..., 0] + 1j * pairs[..., 1]) * np.exp(1j * angles)[:, None]
        return np.stack([turned.real, turned.imag], -1).reshape(x.shape)

    def log_probabilities(self, ids, first):
        """[len(ids) - first][vocab]: of what follows ids[first], ids[first + 1], …"""
        n = len(ids)
        future = np.triu(np.full((n, n), -np.inf), 1)
        x = self.w["token_embd.weight"][ids]
        for layer in range(self.layers):
            w = lambda name: self.w[f"blk.{layer}.{name}.weight"]
            h = self.norm(x, f"blk.{layer}.attn_norm.weight")
            q = self.rotate((h @ w("attn_q").T).reshape(n, self.heads, -1))
            k = self.rotate((h @ w("attn_k").T).reshape(n, self.groups, -1)).repeat(self.heads // self.groups, 1)
            v = (h @ w("attn_v").T).reshape(n, self.groups, -1).repeat(self.heads // self.groups, 1)
            scores = np.einsum("ihd,jhd->hij", q, k, optimize=True) / np.sqrt(self.size) + future
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            weights /= weights.sum(-1, keepdims=True)
            x = x + np.einsum("hij,jhd->ihd", weights, v, optimize=True).reshape(n, -1) @ w("attn_output").T
            h = self.norm(x, f"blk.{layer}.ffn_norm.weight")
            gate = h @ w("ffn_gate").T
            x = x + (gate / (1 + np.exp(-gate)) * (h @ w("ffn_up").T)) @ w("ffn_down").T
        logits = self.norm(x[first:], "output_norm.weight") @ self.w.get("output.weight", self.w["token_embd.weight"]).T
        top = logits.max(-1, keepdims=True)
        return logits - top - np.log(np.exp(logits - top).sum(-1, keepdims=True))
