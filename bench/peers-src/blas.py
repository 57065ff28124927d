# Which BLAS PyTorch runs on: its name goes into the record.
import torch


def blas():
    """Name of the BLAS in memory. Throws for the reference BLAS: PyTorch is forty times slower with it than it can be."""
    torch.randn(64, 64) @ torch.randn(64, 64)
    try:
        with open("/proc/self/maps") as maps:
            text = maps.read()
    except OSError:
        return "BLAS unknown"
    for name in ("openblas", "mkl_rt", "libmkl", "blis"):
        if name in text:
            return {"openblas": "OpenBLAS", "blis": "BLIS"}.get(name, "MKL")
    if "libblas" in text:
        raise RuntimeError("PyTorch finds only the reference BLAS: it is many times slower with it, and ratios to it mean nothing")
    return "BLAS built in"
