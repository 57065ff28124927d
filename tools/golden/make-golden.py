# Writes fixtures/*.json: values and gradients that PyTorch computes in float64, for the tests to compare with.
# Run: python3 tools/golden/make-golden.py   (needs torch; the fixtures are committed, so the tests do not.)
# T time, N batch, D input, H hidden, V vocabulary. Inputs are rounded to three decimals, results to 13 digits.
import json
import pathlib
import warnings

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(7)
torch.set_num_threads(1)
warnings.filterwarnings("ignore")
folder = pathlib.Path(__file__).parent / "fixtures"


def given(*shape, scale=1.0):
    """Values that a short decimal names exactly."""
    return torch.tensor([round(v, 3) for v in (torch.randn(shape).flatten() * scale).tolist()]).reshape(shape)


def plain(t):
    """Shape and row-major values."""
    values = t.detach().flatten().tolist()
    return {"shape": list(t.shape), "values": [int(v) if t.dtype == torch.int64 else float(f"{v:.13g}") for v in values]}


def write(name, content):
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


def reset(module, scale=0.5):
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(given(*p.shape, scale=scale))


def layers(kind, depth, both, ragged):
    """One stack of recurrent layers; the loss weighs every output and every last state."""
    T, N, D, H = 5, 3, 4, 3
    options = {"num_layers": depth, "bidirectional": both}
    make = {
        "rnn-tanh": lambda: nn.RNN(D, H, nonlinearity="tanh", **options),
        "rnn-relu": lambda: nn.RNN(D, H, nonlinearity="relu", **options),
        "gru": lambda: nn.GRU(D, H, **options),
        "lstm": lambda: nn.LSTM(D, H, **options),
    }
    net = make[kind]()
    reset(net)
    directions = 2 if both else 1
    x = given(T, N, D).requires_grad_()
    states = {"h0": given(depth * directions, N, H, scale=0.5).requires_grad_()}
    if kind == "lstm":
        states["c0"] = given(depth * directions, N, H, scale=0.5).requires_grad_()
    hx = tuple(states.values()) if kind == "lstm" else states["h0"]
    lengths = [T, 2, 3] if ragged else [T] * N
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    out, last = net(packed, hx)
    y, _ = nn.utils.rnn.pad_packed_sequence(out, total_length=T)
    last = {"h": last[0], "c": last[1]} if kind == "lstm" else {"h": last}
    weigh = {"y": given(*y.shape), **{name: given(*t.shape) for name, t in last.items()}}
    for n, length in enumerate(lengths):
        weigh["y"].data[length:, n] = 0
    loss = (weigh["y"] * y).sum() + sum((weigh[name] * t).sum() for name, t in last.items())
    loss.backward()
    asked = {"x": x, **states, **dict(net.named_parameters())}
    return {
        "kind": kind, "layers": depth, "both": both, "lengths": lengths,
        "inputs": {name: plain(t) for name, t in asked.items()},
        "weigh": {name: plain(t) for name, t in weigh.items()},
        "results": {"y": plain(y), **{name: plain(t) for name, t in last.items()}},
        "loss": float(f"{loss.item():.13g}"),
        "gradients": {name: plain(t.grad) for name, t in asked.items()},
    }


def cross_entropy():
    logits = given(6, 5, scale=3).requires_grad_()
    targets = torch.tensor([0, 4, -1, 2, -1, 3])
    each = nn.functional.cross_entropy(logits, targets, ignore_index=-1, reduction="none")
    loss = nn.functional.cross_entropy(logits, targets, ignore_index=-1)
    loss.backward()
    return {"logits": plain(logits), "targets": plain(targets), "each": plain(each), "mean": loss.item(), "dlogits": plain(logits.grad)}


def layer_norm():
    x = given(4, 6, scale=2).requires_grad_()
    norm = nn.LayerNorm(6, eps=1e-5)
    reset(norm)
    weigh = given(4, 6)
    y = norm(x)
    (weigh * y).sum().backward()
    return {
        "x": plain(x), "gain": plain(norm.weight), "bias": plain(norm.bias), "weigh": plain(weigh), "y": plain(y),
        "dx": plain(x.grad), "dgain": plain(norm.weight.grad), "dbias": plain(norm.bias.grad),
    }


class Model(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embedding = nn.Embedding(V, D)
        self.rnn = nn.LSTM(D, H, num_layers=2)
        self.head = nn.Linear(H, V)

    def forward(self, ids, states):
        y, states = self.rnn(self.embedding(ids), states)
        return self.head(y), states


def language_model():
    """A training step with state carried over, clipped by norm: gradients, then the weights after each of three steps."""
    V, D, H, T, N, clip = 5, 3, 3, 6, 2, 0.4
    model = Model(V, D, H)
    reset(model)
    first = {name: p.detach().clone() for name, p in model.named_parameters()}
    ids = torch.randint(0, V, (T + 1, N))
    x, y = ids[:-1], ids[1:].clone()
    y[4, 1] = y[0, 0] = -1
    optimizers = {
        "sgd": lambda ps: torch.optim.SGD(ps, lr=0.5, momentum=0.9, weight_decay=0.01),
        "sgd-nesterov": lambda ps: torch.optim.SGD(ps, lr=0.5, momentum=0.9, nesterov=True),
        "adagrad": lambda ps: torch.optim.Adagrad(ps, lr=0.1, eps=1e-8, weight_decay=0.01),
        "rmsprop": lambda ps: torch.optim.RMSprop(ps, lr=0.01, alpha=0.95, eps=1e-8, weight_decay=0.01),
        "adam": lambda ps: torch.optim.Adam(ps, lr=0.05, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.01),
        "adamw": lambda ps: torch.optim.AdamW(ps, lr=0.05, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1),
    }
    runs, gradients = {}, {}
    for name, make in optimizers.items():
        model.load_state_dict(first)
        optimizer = make(model.parameters())
        states = (torch.zeros(2, N, H), torch.zeros(2, N, H))
        steps = []
        for _ in range(3):
            optimizer.zero_grad()
            logits, states = model(x, states)
            states = tuple(s.detach() for s in states)
            loss = nn.functional.cross_entropy(logits.reshape(-1, V), y.reshape(-1), ignore_index=-1)
            loss.backward()
            if not gradients:
                gradients = {n: plain(p.grad) for n, p in model.named_parameters()}
            norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            weights = {n: plain(p)["values"] for n, p in model.named_parameters()}
            steps.append({"loss": loss.item(), "norm": norm.item(), "weights": weights})
        runs[name] = steps
    return {
        "V": V, "D": D, "H": H, "clip": clip, "x": plain(x), "y": plain(y),
        "weights": {n: plain(p) for n, p in first.items()}, "gradients": gradients, "runs": runs,
    }


def gru_before(x, h, w):
    """Cho 2014, gates r,z,n: the reset gate acts on the state before the product."""
    H = h.shape[1]
    a = x @ w["weight_ih_l0"].T + w["bias_ih_l0"]
    R, b = w["weight_hh_l0"], w["bias_hh_l0"]
    rz = torch.sigmoid(a[:, : 2 * H] + h @ R[: 2 * H].T + b[: 2 * H])
    r, z = rz[:, :H], rz[:, H:]
    n = torch.tanh(a[:, 2 * H :] + (r * h) @ R[2 * H :].T + b[2 * H :])
    return ((1 - z) * n + z * h,)


def lstm_layer_norm(x, h, c, w):
    """Ba 2016, gates i,f,g,o: input and recurrent sums normalised over all four gates, the cell on its way out."""
    G, H = w["weight_ih_l0"].shape[0], c.shape[1]
    norm = lambda v, gain, bias: nn.functional.layer_norm(v, v.shape[-1:], w[gain], w[bias], 1e-5)
    a = norm(x @ w["weight_ih_l0"].T, "gain_ih_l0", "bias_ih_l0") + norm(h @ w["weight_hh_l0"].T, "gain_hh_l0", "bias_hh_l0")
    i, f, g, o = a.split(H, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(norm(c, "gain_c_l0", "bias_c_l0")), c


def gru_layer_norm(x, h, w):
    """Ba 2016, gates r,z,n, reset after: r and z normalised together, n by itself, input and recurrent sums each."""
    H = h.shape[1]

    def sums(v, side):
        s, gain, bias = v @ w[f"weight_{side}_l0"].T, w[f"gain_{side}_l0"], w[f"bias_{side}_l0"]
        norm = lambda a, b: nn.functional.layer_norm(s[:, a:b], (b - a,), gain[a:b], bias[a:b], 1e-5)
        return norm(0, 2 * H), norm(2 * H, 3 * H)

    (a, an), (b, bn) = sums(x, "ih"), sums(h, "hh")
    r, z = torch.sigmoid(a + b).split(H, 1)
    return ((1 - z) * torch.tanh(an + r * bn) + z * h,)


def by_steps(step, x, states, w, lengths):
    """A cell of one's own over a padded batch: each row by itself, zeros past its end."""
    T, rows, last = x.shape[0], [], []
    for n, length in enumerate(lengths):
        s, y = tuple(state[0, n : n + 1] for state in states), []
        for t in range(length):
            s = step(x[t, n : n + 1], *s, w)
            y.append(s[0])
        rows.append(torch.cat(y + [torch.zeros(T - length, y[0].shape[1])]))
        last.append(s)
    return torch.stack(rows, 1), tuple(torch.stack([torch.cat([s[k] for s in last])]) for k in range(len(states)))


def stack(cell, hidden, depth, both, P=None, step=None, gates=4):
    """A ragged stack through PyTorch's layer, or through a step written here; the loss weighs every output and last state."""
    T, N, D = 5, 3, 2
    directions, lengths, width = (2 if both else 1), [T, 2, 3], P or hidden
    x = given(T, N, D).requires_grad_()
    states = {"h0": given(depth * directions, N, width, scale=0.5).requires_grad_()}
    if "lstm" in cell:
        states["c0"] = given(depth * directions, N, hidden, scale=0.5).requires_grad_()
    if step:
        G, H = gates * hidden, hidden
        shapes = {"weight_ih": (G, D), "weight_hh": (G, H), "bias_ih": (G,), "bias_hh": (G,)}
        if step is lstm_layer_norm:
            shapes |= {"gain_ih": (G,), "gain_hh": (G,), "gain_c": (H,), "bias_c": (H,)}
        if step is gru_layer_norm:
            shapes |= {"gain_ih": (G,), "gain_hh": (G,)}
        w = {f"{name}_l0": given(*shape, scale=0.7).requires_grad_() for name, shape in shapes.items()}
        y, last = by_steps(step, x, tuple(states.values()), w, lengths)
    else:
        make = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        net = make(D, hidden, num_layers=depth, bidirectional=both, **({"proj_size": P} if P else {}))
        reset(net)
        w = dict(net.named_parameters())
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        out, last = net(packed, tuple(states.values()) if cell == "lstm" else states["h0"])
        y, _ = nn.utils.rnn.pad_packed_sequence(out, total_length=T)
        last = last if cell == "lstm" else (last,)
    last = dict(zip(["h", "c"], last))
    weigh = {"y": given(*y.shape), **{name: given(*t.shape) for name, t in last.items()}}
    loss = (weigh["y"] * y).sum() + sum((weigh[name] * t).sum() for name, t in last.items())
    loss.backward()
    asked = {"x": x, **states, **w}
    return {
        "cell": cell, "hidden": hidden, "layers": depth, "both": both, "lengths": lengths,
        "inputs": {name: plain(t) for name, t in asked.items()},
        "weigh": {name: plain(t) for name, t in weigh.items()},
        "results": {"y": plain(y), **{name: plain(t) for name, t in last.items()}},
        "loss": float(f"{loss.item():.13g}"),
        "gradients": {name: plain(t.grad) for name, t in asked.items()},
    }


kinds = ["rnn-tanh", "rnn-relu", "gru", "lstm"]
for kind in kinds:
    write(kind, [layers(kind, depth, both, ragged) for depth, both in [(1, True), (2, False)] for ragged in [False, True]])
write("cross-entropy", cross_entropy())
write("layer-norm", layer_norm())
write("language-model", language_model())
torch.manual_seed(11)
write("stacks", [
    stack("lstm", 3, 2, True, P=2),
    stack("gru", 2, 2, True),
    stack("gru-before", 3, 1, False, step=gru_before, gates=3),
    stack("lstm-layer-norm", 3, 1, False, step=lstm_layer_norm),
    stack("gru-layer-norm", 3, 1, False, step=gru_layer_norm, gates=3),
])
