# Writes fixtures/translators.json: whole small encoder-decoders written out in PyTorch in float64, with loss, attention weights and all
# gradients. Run: python3 tools/golden/make-translators.py   (needs torch; the fixture is committed, so the tests do not.)
# S source steps, T target steps, N batch, V and W vocabularies, E embedding. Weights by the names of our spec.
import json
import pathlib

import torch
from torch import nn
from torch.nn.functional import cross_entropy

torch.set_default_dtype(torch.float64)
torch.manual_seed(11)
torch.set_num_threads(1)
S, T, N, V, W, E = 5, 4, 3, 6, 5, 3
lengths = [5, 2, 3]
source = torch.randint(0, V, (S, N))
targets = [[1, 4, 0], [3], [2, 2]]
x = torch.full((T, N), -1)
y = torch.full((T, N), -1)
for n, tokens in enumerate(targets):
    for t, token in enumerate([W, *tokens]):
        x[t, n] = token
    for t, token in enumerate([*tokens, W]):
        y[t, n] = token


def given(*shape, scale=0.6):
    return torch.tensor([round(v, 3) for v in (torch.randn(shape).flatten() * scale).tolist()]).reshape(shape)


def plain(t):
    return {"shape": list(t.shape), "values": [float(f"{v:.13g}") for v in t.detach().flatten().tolist()]}


def case(cell, attention, hidden, depth=1, both=True, bridge="backward", feeding=False, context="first", readout="all", units=4, read_units=5):
    lstm = cell == "lstm"
    encoder = (nn.LSTM if lstm else nn.GRU)(E, 3 if both else hidden, depth if bridge == "copy" else 1, bidirectional=both)
    C = 6 if both else hidden
    before = attention == "bahdanau"
    width = E + (C if before or context == "every" else 0) + (read_units if feeding else 0)
    cells = [(nn.LSTMCell if lstm else nn.GRUCell)(width if l == 0 else hidden, hidden) for l in range(depth)]
    weights = {"source.embedding.weight": given(V, E), "target.embedding.weight": given(W + 1, E)}
    inside = {f"encoder.{name}": p for name, p in encoder.named_parameters()}
    inside.update({f"decoder.{name}_l{l}": p for l, c in enumerate(cells) for name, p in c.named_parameters()})
    with torch.no_grad():
        for p in inside.values():
            p.copy_(given(*p.shape))
    weights.update(inside)
    states = [f"{s}.{l}" for l in range(depth) for s in (["h", "c"] if lstm else ["h"])]
    if bridge in ("final", "backward"):
        for s in states:
            weights[f"bridge.{s}.weight"] = given(hidden, C if bridge == "final" else (3 if both else hidden))
            weights[f"bridge.{s}.bias"] = given(hidden)
    if attention in ("bahdanau", "concat"):
        weights["attention.query.weight"] = given(units, hidden)
        weights["attention.key.weight"] = given(units, C)
        weights["attention.energy.weight"] = given(units)
    if attention == "bahdanau":
        weights["attention.key.bias"] = given(units)
    if attention == "general":
        weights["attention.key.weight"] = given(hidden, C)
    parts = hidden + (C if readout != "state" else 0) + (E if readout == "all" else 0)
    if read_units:
        weights["readout.weight"] = given(read_units, parts)
        weights["readout.bias"] = given(read_units)
    weights["head.weight"] = given(W + 1, read_units or parts)
    weights["head.bias"] = given(W + 1)
    for w in weights.values():
        w.requires_grad_()
    w = weights

    def encode():
        # Sentence by sentence: no padding is ever seen.
        places, finals = [], []
        for n, length in enumerate(lengths):
            out, last = encoder(w["source.embedding.weight"][source[:length, n]].unsqueeze(1))
            places.append(torch.cat([out[:, 0], torch.zeros(S - length, C)]))
            finals.append([last[0][:, 0], last[1][:, 0]] if lstm else [last[:, 0]])
        stacked = [torch.stack([f[k] for f in finals], 1) for k in range(2 if lstm else 1)]  # [layers*directions,N,H]
        return torch.stack(places, 1), stacked

    places, finals = encode()
    top = finals[0][-2:] if both else finals[0][-1:]
    v = torch.cat(list(top), 1)
    state = {}
    for s in states:
        kind, l = s.split(".")
        if bridge == "copy":
            state[s] = finals[0 if kind == "h" else 1][int(l)]
        elif bridge == "zero":
            state[s] = torch.zeros(N, hidden)
        else:
            state[s] = torch.tanh((v if bridge == "final" else top[-1]) @ w[f"bridge.{s}.weight"].T + w[f"bridge.{s}.bias"])
    mask = torch.tensor([[s < length for length in lengths] for s in range(S)])

    def look(query):
        if attention in ("bahdanau", "concat"):
            key = places @ w["attention.key.weight"].T + (w["attention.key.bias"] if attention == "bahdanau" else 0)
            scores = torch.tanh(key + query @ w["attention.query.weight"].T) @ w["attention.energy.weight"]
        elif attention == "general":
            scores = ((places @ w["attention.key.weight"].T) * query).sum(-1)
        else:
            scores = (places * query).sum(-1)
        a = torch.softmax(scores.masked_fill(~mask, -1e30), 0)  # [S,N]
        return a, (a.unsqueeze(-1) * places).sum(0)

    fed = torch.zeros(N, read_units)
    logits, looks = [], []
    for t in range(T):
        token = torch.stack([w["target.embedding.weight"][i] if i >= 0 else torch.zeros(E) for i in x[t].tolist()])
        c = None
        if before:
            a, c = look(state[f"h.{depth - 1}"])
            looks.append(a)
        elif context == "every":
            c = v
        h = torch.cat([token, *([c] if c is not None else []), *([fed] if feeding else [])], 1)
        for l, step in enumerate(cells):
            if lstm:
                state[f"h.{l}"], state[f"c.{l}"] = step(h, (state[f"h.{l}"], state[f"c.{l}"]))
            else:
                state[f"h.{l}"] = step(h, state[f"h.{l}"])
            h = state[f"h.{l}"]
        if attention not in ("none", "bahdanau"):
            a, c = look(h)
            looks.append(a)
        r = torch.cat({"state": [h], "context": [h, c], "all": [h, c, token]}[readout], 1)
        if read_units:
            r = torch.tanh(r @ w["readout.weight"].T + w["readout.bias"])
        fed = r
        logits.append(r @ w["head.weight"].T + w["head.bias"])
    flat = torch.stack(logits).reshape(T * N, W + 1)
    loss = cross_entropy(flat, y.reshape(-1), ignore_index=-1, reduction="sum")
    loss.backward()
    layer = lambda H, direction: {"cell": cell, "hidden": H, "direction": direction}
    return {
        "options": {
            "source": {"tokens": "char", "vocabulary": V, "embedding": E},
            "target": {"tokens": "char", "vocabulary": W, "embedding": E},
            "encoder": [layer(3 if both else hidden, "both" if both else "forward")] * (depth if bridge == "copy" else 1),
            "decoder": [layer(hidden, "forward")] * depth,
            "attention": attention, "units": units, "bridge": bridge, "feeding": feeding, "context": context,
            "readout": readout, "readoutUnits": read_units,
        },
        "weights": {name: plain(p) for name, p in weights.items()},
        "loss": float(f"{loss.item():.13g}"),
        "logits": plain(flat),
        "attention": plain(torch.stack(looks).permute(2, 0, 1)) if looks else None,
        "gradients": {name: plain(p.grad if p.grad is not None else torch.zeros_like(p)) for name, p in weights.items()},
    }


cases = {
    "Bahdanau, GRU": case("gru", "bahdanau", 4),
    "Bahdanau, two LSTM layers, parts read as they are": case("lstm", "bahdanau", 4, depth=2, bridge="final", read_units=0),
    "Luong general, LSTM, input feeding": case("lstm", "general", 4, depth=2, bridge="final", feeding=True, readout="context"),
    "Luong dot, GRU": case("gru", "dot", 4, depth=2, both=False, bridge="copy", readout="context"),
    "Luong concat, LSTM": case("lstm", "concat", 4, bridge="zero", readout="context"),
    "context at every step, GRU": case("gru", "none", 4, bridge="final", context="every"),
    "a vector alone, LSTM": case("lstm", "none", 4, depth=2, both=False, bridge="copy", readout="state", read_units=0),
}
content = {
    "sizes": {"S": S, "T": T, "N": N},
    "source": [i if s < lengths[n] else -1 for s, row in enumerate(source.tolist()) for n, i in enumerate(row)],
    "lengths": lengths, "x": x.flatten().tolist(), "y": y.flatten().tolist(), "count": int((y >= 0).sum()),
    "cases": cases,
}
path = pathlib.Path(__file__).parent / "fixtures" / "translators.json"
path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
