"""The papers of a hand-off: letter, timeline, contacts, open items, list of attachments. `papers.papers` has the companion."""
