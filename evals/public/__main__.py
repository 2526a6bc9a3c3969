"""`python -m evals.public`: fetch published data, measure, print tables. What cannot be had is skipped and said."""

from __future__ import annotations

import sys

from evals.__main__ import print_rates
from evals.public import measure
from evals.public.packages import BETTERMEMORY, LEDGER, Archive, Unavailable

_SETS = ((BETTERMEMORY, measure.bettermemory), (LEDGER, measure.ledger))


def main() -> int:
    """Print a table for each package that can be had. Returns 0; figures fail nothing here."""
    for package, rates_of in _SETS:
        try:
            archive = Archive(package)
            rates = rates_of(archive)
        except Unavailable as reason:
            print(f"skipped: {reason}")
            continue
        print_rates(f"{package.name} {package.version} ({archive.licence})", rates, ())
    return 0


if __name__ == "__main__":
    sys.exit(main())
