"""How much gitmem reads of what others can push or commit (pure, hot lane).

Each number is far above what years of honest use make, and so low that reading all of it stays below
300 MB and ten seconds (`tests/bench/hostile.py` measures that; docs/promises.md has the table).
"""

from __future__ import annotations

#: Bytes of one line of a queue. A flag with every field at its limit (twenty paths of 1,000 characters)
#: in the widest script has less than half of that.
LINE = 256 << 10
#: Bytes and lines of one queue file. gitmem seals a file at 128 lines; a sync may join a few.
QUEUE_FILE = 4 << 20
QUEUE_FILE_LINES = 4096
#: Files, lines and bytes of one queue. A hundred clones that sync all day leave some 2,000 files in a
#: week; 50,000 undrained flags are ten years of a busy team without a close.
QUEUE_FILES = 8192
QUEUE_LINES = 50_000
QUEUE = 24 << 20

#: Drain records: bytes of one, and of all. A record row has some 600 bytes, so all of them are the
#: rows of 400,000 flags. Only ids are kept of them.
RECORD = 32 << 20
RECORDS = 256 << 20
#: Bytes of records whose rows are kept (`why`, `loops`, a close), the newest first: some 50,000 flags.
ROWS = 24 << 20

#: Files that a close builds on: how many, bytes and lines of one, lines and bytes of all. A client cuts what it
#: loads at far less.
GROUND_FILES = 2000
GROUND_FILE = 1 << 20
FILE_LINES = 20_000
GROUND_LINES = 60_000
GROUND = 8 << 20

#: Bytes of memory that the index imports unless the settings say otherwise: some 2,500 tokens in every request.
BUDGET = 10_000
#: Bytes; more is no memory but a manual. Four times what Claude Code loads of its own memory.
LARGEST_BUDGET = 100_000
