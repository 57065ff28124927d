# Translation in PyTorch as its users write it: a bidirectional GRU reads, a GRU with additive attention writes, beam search batched
# over sentences and beams. `torch_translate.py THREADS`. N sentences, K beams, S source places, H hidden, V vocabulary.
import math
import sys

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from answer import answer_requests
from blas import blas

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(1)


class Translator(nn.Module):
    """The encoder's last backward state begins the decoder; the head reads tanh of state, context and token."""

    def __init__(self, V, H):
        super().__init__()
        self.source = nn.Embedding(V, H)
        self.target = nn.Embedding(V + 1, H)
        self.encoder = nn.GRU(H, H, bidirectional=True, batch_first=True)
        self.bridge = nn.Linear(H, H)
        self.key = nn.Linear(2 * H, H)
        self.query = nn.Linear(H, H, bias=False)
        self.energy = nn.Linear(H, 1, bias=False)
        self.decoder = nn.GRUCell(3 * H, H)
        self.readout = nn.Linear(4 * H, H)
        self.head = nn.Linear(H, V + 1)

    def read(self, source, lengths):
        packed = pack_padded_sequence(self.source(source), lengths, batch_first=True)
        places, last = self.encoder(packed)
        places, _ = pad_packed_sequence(places, batch_first=True)
        return places, self.key(places), torch.tanh(self.bridge(last[1]))

    def write(self, token, state, places, keys, mask):
        """token [N*K], state [N*K,H], places [N,S,2H], keys [N,S,H], mask [N,1,S]: log-probabilities [N*K,V+1] and the state."""
        N, S, H = keys.shape
        asked = self.query(state).view(N, -1, 1, H)
        scores = self.energy(torch.tanh(asked + keys.unsqueeze(1))).squeeze(-1)
        weights = torch.softmax(scores.masked_fill(mask, -1e30), -1)
        context = torch.bmm(weights, places).view(len(token), -1)
        vector = self.target(token)
        state = self.decoder(torch.cat([vector, context], 1), state)
        read = torch.tanh(self.readout(torch.cat([state, context, vector], 1)))
        return torch.log_softmax(self.head(read), -1), state


def beam_search(model, source, lengths, K, end):
    """Results of a batch, best first: every one has the length of its source, then the end."""
    N = len(lengths)
    longest = int(lengths[0])
    places, keys, state = model.read(source, lengths)
    V = end + 1
    mask = (torch.arange(longest)[None] >= lengths[:, None])[:, None]
    state = state.repeat_interleave(K, 0)
    token = torch.full((N * K,), end)
    sums = torch.full((N, K), -float("inf"))
    sums[:, 0] = 0
    base = (torch.arange(N) * K)[:, None]
    tokens, parents = [], []
    only_end = torch.full((V,), -float("inf"))
    only_end[end] = 0
    for t in range(longest + 1):
        logs, state = model.write(token, state, places, keys, mask)
        logs = logs.view(N, K, V)
        over = lengths < t
        if over.any():
            logs[over] = only_end
        last = lengths == t
        if last.any():
            logs[last] = logs[last] + only_end
        sums, chosen = (sums[:, :, None] + logs).view(N, K * V).topk(K)
        parent = base + chosen.div(V, rounding_mode="floor")
        token = chosen.remainder(V).view(-1)
        state = state.index_select(0, parent.view(-1))
        tokens.append(token.view(N, K))
        parents.append(parent - base)
    results, at = [], torch.arange(K).expand(N, K)
    for chosen, parent in zip(reversed(tokens), reversed(parents)):
        results.append(chosen.gather(1, at))
        at = parent.gather(1, at)
    return torch.stack(results[::-1], 2), sums


def prepare(w):
    library = blas()
    V, H, K, N = w["vocabulary"], w["hidden"], w["beam"], w["batch"]
    shortest = math.ceil(w["sequence"] * 0.43)
    lengths = [shortest + i * 7 % (w["sequence"] - shortest + 1) for i in range(w["sentences"])]
    model = Translator(V, H).eval()
    with torch.no_grad():
        model.head.bias[V] = -10  # sentences end where they must, not before
    sources = [torch.randint(0, V, (length,)) for length in sorted(lengths, reverse=True)]
    batches = [sources[i : i + N] for i in range(0, len(sources), N)]

    def run():
        with torch.no_grad():
            for batch in batches:
                lengths = torch.tensor([len(source) for source in batch])
                beam_search(model, nn.utils.rnn.pad_sequence(batch, batch_first=True), lengths, K, V)

    return sum(lengths), f"PyTorch {torch.__version__}, {library}, {torch.get_num_threads()} threads", run


answer_requests(prepare)
