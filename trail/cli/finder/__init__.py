"""The finder's screen, and the thread that searches for it."""
