"""Agent clients: their payloads in, events out; actions in, their answers out."""
