"""Calendars on servers (CalDAV, RFC 4791). What is put there is decided in `trail.book.calendar`."""
