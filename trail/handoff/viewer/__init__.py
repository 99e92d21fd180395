"""The pages a person opens: START-HERE.html, and for a large bundle one page a month."""
