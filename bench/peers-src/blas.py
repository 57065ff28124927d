# Which BLAS PyTorch runs on: its name goes into the record.
import torch


def blas():
    """Name of the BLAS in memory: with the reference BLAS (not OpenBLAS) PyTorch is forty times slower than it can be."""
    torch.randn(64, 64) @ torch.randn(64, 64)
    try:
        with open("/proc/self/maps") as maps:
            text = maps.read()
    except OSError:
        return "BLAS unknown"
    for name in ("openblas", "mkl_rt", "libmkl", "blis"):
        if name in text:
            return {"openblas": "OpenBLAS", "blis": "BLIS"}.get(name, "MKL")
    return "reference BLAS" if "libblas" in text else "BLAS built in"
