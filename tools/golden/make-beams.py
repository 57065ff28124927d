# Writes fixtures/beams.json: beam search by the PyTorch loop of the benchmark (bench/peers-src/torch_translate.py) with weights drawn
# here. `python3 make-beams.py` in this folder. V vocabulary, H hidden, K beams.
import json
import pathlib
import sys

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here / "../../bench/peers-src"))
sys.argv = ["make-beams.py", "1"]
import answer

answer.answer_requests = lambda prepare: None

import torch
from torch_translate import Translator, beam_search

V, H, K = 9, 5, 4
torch.manual_seed(3)
model = Translator(V, H).double().eval()
sources = sorted((torch.randint(0, V, (3 + i * 5 % 6,)) for i in range(12)), key=len, reverse=True)
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_((parameter * 2.5).float().double())
    model.head.bias[V] = -30
    torch.set_default_dtype(torch.float64)
    lengths = torch.tensor([len(source) for source in sources])
    padded = torch.nn.utils.rnn.pad_sequence(sources, batch_first=True)
    results, sums = beam_search(model, padded, lengths, K, V)

ours = {"source.weight": "source.embedding.weight", "target.weight": "target.embedding.weight"}
ours |= {f"bridge.{part}": f"bridge.h.0.{part}" for part in ("weight", "bias")}
ours |= {f"decoder.{part}_{side}": f"decoder.{part}_{side}_l0" for part in ("weight", "bias") for side in ("ih", "hh")}
for name in ("key.weight", "key.bias", "query.weight", "energy.weight"):
    ours[name] = f"attention.{name}"
weights = {
    ours.get(name, name): {"shape": [H] if name == "energy.weight" else list(value.shape), "values": value.flatten().tolist()}
    for name, value in model.state_dict().items()
}
fixture = {
    "vocabulary": V,
    "hidden": H,
    "beam": K,
    "weights": weights,
    "sources": [source.tolist() for source in sources],
    "tokens": [[row[:n].tolist() for row in found] for found, n in zip(results, lengths.tolist())],
    "sums": sums.tolist(),
}
(here / "fixtures/beams.json").write_text(json.dumps(fixture) + "\n")
