"""The letter of a hand-off: a memo in Markdown, and the same as a page and as a Word document."""
