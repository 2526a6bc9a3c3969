"""The models behind the drain. Each satisfies the port `Model` of the engine by its shape alone."""

from __future__ import annotations
