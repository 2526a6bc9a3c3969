"""Flags in, operations out: the plan, the questions, the gate and the new tree."""
