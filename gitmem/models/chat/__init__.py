"""The Chat Completions API: the shape of a question, its answer, and the engine `openai`."""
