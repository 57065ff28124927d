# PyTorch as its users write it: nn.Embedding, nn.LSTM / GRU / RNN, nn.Linear. `torch_peer.py THREADS`; OpenBLAS takes its own
# number from OPENBLAS_NUM_THREADS. T time, N batch, H hidden, V vocabulary. With a third argument "first-step" it only says
# when the first training step is done.
import sys

import torch
from torch import nn
from torch.nn import functional as F

from answer import answer_requests
from blas import blas

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(1)


class Model(nn.Module):
    def __init__(self, w):
        super().__init__()
        H, V = w["hidden"], w["vocabulary"]
        self.embedding = nn.Embedding(V, H)
        self.both = w["kind"] == "bidirectional"
        make = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[w["cell"]]
        self.rnn = make(H, H, w["layers"], bidirectional=self.both)
        self.head = nn.Linear(2 * H if self.both else H, V)

    def forward(self, x, state):
        y, state = self.rnn(self.embedding(x), None if self.both else state)
        return self.head(y), state


class SpelledOut(nn.Module):
    """An LSTM in elementary operations, one step at a time."""

    def __init__(self, w):
        super().__init__()
        H, V, L = w["hidden"], w["vocabulary"], w["layers"]
        drawn = lambda *shape: nn.Parameter((2 * torch.rand(*shape) - 1) / H**0.5)
        self.embedding = nn.Embedding(V, H)
        self.W = nn.ParameterList([drawn(H, 4 * H) for _ in range(L)])
        self.R = nn.ParameterList([drawn(H, 4 * H) for _ in range(L)])
        self.b = nn.ParameterList([drawn(4 * H) for _ in range(L)])
        self.head = nn.Linear(H, V)
        self.zero = [(torch.zeros(w["batch"], H),) * 2 for _ in range(L)]

    def forward(self, x, states):
        states = list(states or self.zero)
        ys = []
        for z in self.embedding(x):
            for l, (W, R, b) in enumerate(zip(self.W, self.R, self.b)):
                h, c = states[l]
                i, f, g, o = (z @ W + h @ R + b).chunk(4, 1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                z = torch.sigmoid(o) * torch.tanh(c)
                states[l] = (z, c)
            ys.append(z)
        return self.head(torch.stack(ys)), states


class Translator(nn.Module):
    """Bahdanau's encoder and decoder (2015), every true token given; attention as a loop over the target's steps."""

    def __init__(self, w):
        super().__init__()
        H, V = w["hidden"], w["vocabulary"]
        kinds = {"gru": (nn.GRU, nn.GRUCell), "rnn": (nn.RNN, nn.RNNCell)}
        make, make_cell = kinds[w["cell"]]
        self.source, self.target = nn.Embedding(V, H), nn.Embedding(V, H)
        self.encoder = make(H, H, bidirectional=True)
        self.bridge = nn.Linear(H, H)
        self.keys, self.query, self.energy = nn.Linear(2 * H, H), nn.Linear(H, H, bias=False), nn.Linear(H, 1, bias=False)
        self.cell = make_cell(3 * H, H)
        self.readout = nn.Linear(4 * H, w["readout"]) if w["readout"] else None
        self.head = nn.Linear(w["readout"] or 4 * H, V)

    def forward(self, x, y):
        places, last = self.encoder(self.source(x))
        state = torch.tanh(self.bridge(last[1]))
        keys, tokens = self.keys(places), self.target(y)
        parts = []
        for token in tokens:
            scores = self.energy(torch.tanh(keys + self.query(state))).squeeze(-1)
            seen = (torch.softmax(scores, 0).unsqueeze(-1) * places).sum(0)
            state = self.cell(torch.cat([token, seen], 1), state)
            parts.append(torch.cat([state, seen], 1))
        read = torch.cat([torch.stack(parts), tokens], 2)
        return self.head(torch.tanh(self.readout(read)) if self.readout else read), None


def detached(state):
    return state.detach() if isinstance(state, torch.Tensor) else type(state)(detached(s) for s in state)


def random_chunks(w):
    shape = (8, w["sequence"], w["batch"])
    return torch.randint(0, w["vocabulary"], shape), torch.randint(0, w["vocabulary"], shape)


def training(w):
    model = {"custom-cell": SpelledOut, "translation": Translator}.get(w["kind"], Model)(w)
    parameters = list(model.parameters())
    if w["optimizer"] == "adagrad":
        optimizer = torch.optim.Adagrad(parameters, lr=0.1, eps=1e-8)
    else:
        optimizer = torch.optim.Adam(parameters, lr=2e-3)
    xs, ys = random_chunks(w)
    at = {"step": 0, "state": None}

    def run():
        x, y = xs[at["step"] % 8], ys[at["step"] % 8]
        logits, state = model(x, y.roll(1, 0) if w["kind"] == "translation" else at["state"])
        loss = F.cross_entropy(logits.view(-1, w["vocabulary"]), y.view(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if "value" in w["clip"]:
            nn.utils.clip_grad_value_(parameters, w["clip"]["value"])
        else:
            nn.utils.clip_grad_norm_(parameters, w["clip"]["norm"])
        optimizer.step()
        at["state"] = None if state is None else detached(state)
        at["step"] += 1
        return loss.item()

    return w["sequence"] * w["batch"], run


def forward_only(w):
    model = Model(w).eval()
    xs, ys = random_chunks(w)
    at = {"step": 0, "state": None}

    def run():
        with torch.no_grad():
            x, y = xs[at["step"] % 8], ys[at["step"] % 8]
            logits, at["state"] = model(x, at["state"])
            at["step"] += 1
            return F.cross_entropy(logits.view(-1, w["vocabulary"]), y.view(-1)).item()

    return w["sequence"] * w["batch"], run


def generation(w):
    model = Model(w).eval()
    steps = 8 if w["batch"] > 1 else 64

    def run():
        with torch.no_grad():
            state, x = None, torch.zeros(1, w["batch"], dtype=torch.long)
            for _ in range(steps):
                logits, state = model(x, state)
                x = torch.multinomial(torch.softmax(logits[0], -1), 1).view(1, -1)

    return steps * w["batch"], run


def prepare(w):
    library = blas()
    make = {"training": training, "custom-cell": training, "bidirectional": training, "translation": training, "forward": forward_only}.get(w["kind"], generation)
    work, run = make(w)
    return work, f"PyTorch {torch.__version__}, {library}, {torch.get_num_threads()} threads", run


if len(sys.argv) > 2 and sys.argv[2] == "first-step":
    sizes = {"hidden": 128, "layers": 2, "sequence": 50, "batch": 50, "vocabulary": 65}
    training({**sizes, "kind": "training", "cell": "lstm", "optimizer": "adam", "clip": {"norm": 5}})[1]()
    print('{"first": "step"}', flush=True)
elif len(sys.argv) > 2 and sys.argv[2] == "first-character":
    sizes = {"hidden": 128, "layers": 2, "sequence": 1, "batch": 1, "vocabulary": 65}
    with torch.no_grad():
        logits, _ = Model({**sizes, "kind": "generation", "cell": "lstm"})(torch.zeros(1, 1, dtype=torch.long), None)
        torch.multinomial(torch.softmax(logits[0], -1), 1).item()
    print('{"first": "character"}', flush=True)
else:
    answer_requests(prepare)
