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


kinds = ["rnn-tanh", "rnn-relu", "gru", "lstm"]
for kind in kinds:
    write(kind, [layers(kind, depth, both, ragged) for depth, both in [(1, True), (2, False)] for ragged in [False, True]])
write("cross-entropy", cross_entropy())
write("layer-norm", layer_norm())
write("language-model", language_model())
