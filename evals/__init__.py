"""How good gitmem's judgement is, in figures: `python -m evals [NAME] [--json]` (docs/evals.md).

Each folder is one eval with its data. No network, no key, and no part of the wheel.
"""
