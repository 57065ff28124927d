# Nats of a text under a model that was trained and saved here, computed by PyTorch: reads model.safetensors with nothing but numpy.
# Run: python3 tools/golden/torch-nats.py MODEL.safetensors CELL "ids, separated, by, commas"   -> one line of JSON {"nats": ...}
# V vocabulary, H hidden, L layers.
import json
import struct
import sys

import numpy as np
import torch
from torch import nn


def tensors(path):
    """All float32 tensors of a safetensors file: 8 bytes of length, a JSON header, the data."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    data = content[8 + length :]
    found = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", f"{name} is {entry['dtype']}"
        begin, end = entry["data_offsets"]
        found[name] = torch.from_numpy(np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).copy())
    return found


def part(state, prefix):
    return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}


def main(path, cell, ids):
    state = tensors(path)
    embedding = nn.Embedding(*state["embedding.weight"].shape)
    embedding.load_state_dict(part(state, "embedding."))
    layers = sum(name.startswith("rnn.weight_hh_l") for name in state)
    hidden = state["rnn.weight_hh_l0"].shape[1]
    rnn = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](embedding.embedding_dim, hidden, num_layers=layers)
    rnn.load_state_dict(part(state, "rnn."))
    head = nn.Linear(hidden, embedding.num_embeddings)
    head.load_state_dict(part(state, "head."))
    with torch.no_grad():
        y, _ = rnn(embedding(ids[:-1]).unsqueeze(1))
        nats = nn.functional.cross_entropy(head(y.squeeze(1)), ids[1:])
    print(json.dumps({"nats": nats.item(), "torch": torch.__version__}))


main(sys.argv[1], sys.argv[2], torch.tensor([int(i) for i in sys.argv[3].split(",")]))
