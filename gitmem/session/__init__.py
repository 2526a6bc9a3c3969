"""What one agent session has seen, and the ledger of what fired and ran."""
