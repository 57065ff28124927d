# The character-level vanilla network of the lecture in numpy: one-hot input, columns, one stream, Adagrad, clip by value.
# T time, H hidden, V vocabulary.
import numpy as np

from answer import answer_requests


def prepare(w):
    if w["kind"] != "training" or w["cell"] != "rnn" or w["batch"] != 1 or w["layers"] != 1:
        raise ValueError("numpy measures only the one-layer vanilla network at batch 1")
    V, H, T = w["vocabulary"], w["hidden"], w["sequence"]
    limit = w["clip"]["value"]
    rng = np.random.default_rng(1)
    weights = {
        "U": rng.normal(0, 0.01, (H, V)),
        "R": rng.normal(0, 0.01, (H, H)),
        "O": rng.normal(0, 0.01, (V, H)),
        "b": np.zeros((H, 1)),
        "d": np.zeros((V, 1)),
    }
    memory = {name: np.zeros_like(value) for name, value in weights.items()}
    x, y = rng.integers(0, V, T), rng.integers(0, V, T)
    carried = {"h": np.zeros((H, 1))}

    def run():
        U, R, O, b, d = weights.values()
        inputs, states, probabilities = [], [carried["h"]], []
        for t in range(T):
            one = np.zeros((V, 1))
            one[x[t]] = 1
            inputs.append(one)
            states.append(np.tanh(U @ one + R @ states[-1] + b))
            scores = O @ states[-1] + d
            e = np.exp(scores - scores.max())
            probabilities.append(e / e.sum())
        gradient = {name: np.zeros_like(value) for name, value in weights.items()}
        later = np.zeros((H, 1))
        for t in range(T - 1, -1, -1):
            delta = probabilities[t]
            delta[y[t]] -= 1
            gradient["O"] += delta @ states[t + 1].T
            gradient["d"] += delta
            raw = (O.T @ delta + later) * (1 - states[t + 1] ** 2)
            gradient["b"] += raw
            gradient["U"] += raw @ inputs[t].T
            gradient["R"] += raw @ states[t].T
            later = R.T @ raw
        for name, value in weights.items():
            g = np.clip(gradient[name], -limit, limit)
            memory[name] += g * g
            value -= 0.1 * g / np.sqrt(memory[name] + 1e-8)
        carried["h"] = states[-1]

    return T, f"numpy {np.__version__}", run


answer_requests(prepare)
