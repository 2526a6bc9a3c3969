"""Codex: payloads, answers, settings and rules."""
