"""Gemini CLI: payloads, answers, settings and the size of the context."""
