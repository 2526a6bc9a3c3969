"""Qwen Code: payloads, answers and settings."""
