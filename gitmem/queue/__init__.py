"""The journal and the branch behind it: published, reconciled and pruned."""
