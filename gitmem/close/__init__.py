"""The queue drained into one review commit."""
