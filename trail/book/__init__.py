"""The client's book: pure functions on values of `trail.model`. They read no clock, no file and no ledger."""
