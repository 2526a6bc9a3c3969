"""One module for each verb: options in, one engine call, a report out."""
