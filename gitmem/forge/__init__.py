"""The review as a pull request."""
