"""The questionnaire for a client, in their language, from templates: ours or the user's own."""
