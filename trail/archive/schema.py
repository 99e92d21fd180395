"""The tables of the ledger, version by version. What they hold is told in docs/formats/ledger.md.

Times are whole seconds since 1970-01-01 UTC. A migration is one text of statements; `trail.archive.ledger` runs it in one transaction.
"""

from __future__ import annotations

MIGRATIONS = (
    # 1: the first version
    """
    CREATE TABLE message (
        key TEXT PRIMARY KEY,              -- SHA-256 of the bytes, hex
        path TEXT NOT NULL,                -- below the archive's folder, with /
        size INTEGER NOT NULL,
        received_at INTEGER NOT NULL,      -- INTERNALDATE where it was first seen
        archived_at INTEGER NOT NULL,
        attributed_under TEXT,             -- fingerprint of the rules; NULL: not attributed yet
        indexed_in TEXT,                   -- generation of the index; NULL: not indexed, or changed since
        defects TEXT NOT NULL DEFAULT '',  -- what the parser found wrong, one a line
        unparsable INTEGER NOT NULL DEFAULT 0
    );                                     -- with rowid: by key, every batch would write every page anew
    CREATE INDEX message_attributed ON message (attributed_under);
    CREATE INDEX message_indexed ON message (indexed_in);

    CREATE TABLE epoch (                   -- a folder under one UIDVALIDITY
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        folder TEXT NOT NULL,
        uidvalidity INTEGER NOT NULL,
        first_seen_at INTEGER NOT NULL,
        last_seen_at INTEGER NOT NULL,
        on_server INTEGER NOT NULL DEFAULT 0,
        uidnext INTEGER,                   -- with on_server, what the last complete round saw; NULL: look again
        looked_under TEXT,                 -- scope and rules of that round
        mailboxid TEXT,                    -- MAILBOXID, where the server has it (RFC 8474)
        gone_at INTEGER,                   -- when the server no longer listed the folder
        retired_at INTEGER,                -- when its UIDs were found to stand for other messages; kept as history
        modseq INTEGER                     -- HIGHESTMODSEQ up to which flags and labels are known; NULL: not known
    );
    CREATE UNIQUE INDEX epoch_present ON epoch (account, folder, uidvalidity, coalesce(mailboxid, ''))
        WHERE retired_at IS NULL;
    CREATE TABLE former_name (             -- names a folder had before it was renamed on the server
        epoch INTEGER NOT NULL REFERENCES epoch (id),
        folder TEXT NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (epoch, folder)
    ) WITHOUT ROWID;

    CREATE TABLE sighting (                -- one row for every UID a server showed
        epoch INTEGER NOT NULL REFERENCES epoch (id),
        uid INTEGER NOT NULL,
        decision TEXT NOT NULL CHECK (decision IN ('archived', 'held', 'left', 'failed', 'forgotten')),
        key TEXT REFERENCES message (key),
        seen_at INTEGER NOT NULL,
        reason TEXT NOT NULL DEFAULT '',
        flags TEXT NOT NULL DEFAULT '',    -- separated by blanks
        labels TEXT NOT NULL DEFAULT '',   -- Gmail's, one a line
        decided_under TEXT NOT NULL,       -- scope and rules of the decision
        gone_at INTEGER,                   -- when the server no longer showed it
        PRIMARY KEY (epoch, uid),
        CHECK ((key IS NULL) = (decision IN ('left', 'failed', 'forgotten')))
    ) WITHOUT ROWID;
    CREATE INDEX sighting_key ON sighting (key) WHERE key IS NOT NULL;
    CREATE TABLE gmail (                   -- Gmail's numbers of a sighting, in decimal: they are unsigned
        epoch INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        message TEXT NOT NULL,             -- X-GM-MSGID
        thread TEXT NOT NULL,              -- X-GM-THRID
        PRIMARY KEY (epoch, uid)
    ) WITHOUT ROWID;
    CREATE INDEX sighting_failed ON sighting (epoch) WHERE decision = 'failed';

    CREATE TABLE envelope (                -- the headers of a message, read; can be rebuilt
        key TEXT PRIMARY KEY REFERENCES message (key),
        message_id TEXT,
        subject TEXT NOT NULL,
        sent_at INTEGER
    ) WITHOUT ROWID;
    CREATE INDEX envelope_message_id ON envelope (message_id);
    CREATE TABLE reference (
        key TEXT NOT NULL REFERENCES message (key),
        position INTEGER NOT NULL,
        message_id TEXT NOT NULL,
        PRIMARY KEY (key, position)
    ) WITHOUT ROWID;
    CREATE INDEX reference_message_id ON reference (message_id);
    CREATE TABLE address (
        key TEXT NOT NULL REFERENCES message (key),
        position INTEGER NOT NULL,
        role TEXT NOT NULL,
        name TEXT NOT NULL,
        address TEXT NOT NULL,
        PRIMARY KEY (key, position)
    ) WITHOUT ROWID;

    CREATE TABLE attribution (
        key TEXT NOT NULL REFERENCES message (key),
        client TEXT NOT NULL,
        reason TEXT NOT NULL,
        inherited INTEGER NOT NULL,        -- 1: only its thread says so
        PRIMARY KEY (key, client)
    ) WITHOUT ROWID;
    CREATE INDEX attribution_client ON attribution (client);

    CREATE TABLE document (                -- an attachment in which there may be text; can be rebuilt
        key TEXT NOT NULL REFERENCES message (key),
        number INTEGER NOT NULL,           -- its place among the message's attachments, from 1
        digest TEXT NOT NULL,              -- SHA-256 of its decoded bytes, hex
        filename TEXT NOT NULL,
        PRIMARY KEY (key, number)
    ) WITHOUT ROWID;
    CREATE INDEX document_digest ON document (digest);
    CREATE TABLE reading (                 -- a digest whose text was looked for; the text is in cache/documents/
        digest TEXT PRIMARY KEY,
        reader INTEGER NOT NULL,           -- version of what read it
        has_text INTEGER NOT NULL,         -- 1: there is one
        problem TEXT NOT NULL              -- why it could not be read, or not to its end; '' where it could
    ) WITHOUT ROWID;
    CREATE INDEX reading_problem ON reading (digest) WHERE problem <> '';

    CREATE TABLE building (                -- what is in the index that is being built beside the one that serves
        key TEXT PRIMARY KEY,
        done INTEGER NOT NULL              -- 0: at work
    ) WITHOUT ROWID;                       -- what changes meanwhile leaves it, and is built once more
    CREATE TRIGGER building_changed AFTER UPDATE OF indexed_in ON message WHEN NEW.indexed_in IS NULL
        BEGIN DELETE FROM building WHERE key = NEW.key; END;
    CREATE TRIGGER building_gone AFTER DELETE ON message
        BEGIN DELETE FROM building WHERE key = OLD.key; END;

    CREATE TABLE round (                   -- the last rounds of every account
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        finished_at INTEGER,
        archived INTEGER NOT NULL DEFAULT 0,
        error TEXT,                        -- NULL: done
        warnings TEXT NOT NULL DEFAULT ''  -- one a line
    );
    CREATE INDEX round_account ON round (account, id);

    CREATE TABLE handoff (                 -- each hand-off that was made
        id INTEGER PRIMARY KEY,
        client TEXT NOT NULL,
        bundle TEXT NOT NULL,              -- the name of its folder
        digest TEXT NOT NULL,              -- as in the audit log
        at INTEGER NOT NULL,
        by TEXT NOT NULL,
        filters TEXT NOT NULL,             -- JSON
        messages INTEGER NOT NULL,
        withheld INTEGER NOT NULL,
        continues INTEGER,                 -- the hand-off before it; NULL: it has all
        salt TEXT NOT NULL                 -- of what stands for the originals of changed messages, hex
    );
    CREATE INDEX handoff_client ON handoff (client, id);
    CREATE TABLE given (                   -- what was in a hand-off
        handoff INTEGER NOT NULL REFERENCES handoff (id),
        key TEXT NOT NULL,                 -- of a message, which may have been forgotten since
        change TEXT NOT NULL,              -- what was done to the copy; '': nothing
        PRIMARY KEY (handoff, key)
    ) WITHOUT ROWID;
    CREATE TABLE unsent (                  -- hand-offs that were made and never sent, as the user says
        handoff INTEGER PRIMARY KEY REFERENCES handoff (id),
        at INTEGER NOT NULL                -- when they said so
    );
    CREATE TABLE decision (                -- whether a client gets a message, as a person decided it
        client TEXT NOT NULL,
        key TEXT NOT NULL,
        gives INTEGER NOT NULL,            -- 1: it goes, 0: it stays
        reasons TEXT NOT NULL,             -- what spoke against it then: JSON, a list of texts
        why TEXT NOT NULL,
        by TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (client, key)
    ) WITHOUT ROWID;
    CREATE TABLE tombstone (               -- messages that were forgotten: whoever meets them again leaves them
        key TEXT PRIMARY KEY,              -- SHA-256 of the bytes, hex
        at INTEGER NOT NULL,
        reason TEXT NOT NULL               -- 'forgotten': all of a client; 'retention': older than was to be kept
    ) WITHOUT ROWID;
    CREATE TABLE hold (                    -- of clients of whom nothing may be forgotten
        id INTEGER PRIMARY KEY,
        client TEXT NOT NULL,
        until INTEGER NOT NULL,            -- the first second in which it no longer holds
        why TEXT NOT NULL,
        by TEXT NOT NULL,
        placed_at INTEGER NOT NULL,
        released_at INTEGER                -- NULL: it was not released
    );

    -- the client's book: each table has the fields of a value of trail.model.book; `source` is the key of a message
    CREATE TABLE note (
        id TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE action (                  -- what is to be done next
        id TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        due TEXT,                          -- a day; NULL: none was set
        private INTEGER NOT NULL,          -- 1: it stays out of hand-offs
        source TEXT NOT NULL,
        origin TEXT NOT NULL,              -- id of the agreement it follows; '': none
        done_at INTEGER                    -- NULL: it is open
    ) WITHOUT ROWID;
    CREATE TABLE agreement (
        id TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        value TEXT NOT NULL,
        since TEXT,
        until TEXT,
        remind TEXT NOT NULL,              -- how long before `until`; '': never
        remark TEXT NOT NULL,
        source TEXT NOT NULL,
        file TEXT NOT NULL,                -- name of a file, and its SHA-256 in hex
        digest TEXT NOT NULL,
        ended_at INTEGER                   -- NULL: it was not ended by hand
    ) WITHOUT ROWID;
    CREATE TABLE request (                 -- what a client asked to have changed
        id TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        asked_on TEXT,
        asked_by TEXT NOT NULL,
        source TEXT NOT NULL,
        state TEXT NOT NULL                -- 'open', 'done', 'declined'
    ) WITHOUT ROWID;
    CREATE TABLE response (                -- what a client answered to a questionnaire
        id TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        file TEXT NOT NULL,                -- the name of the file it came in
        digest TEXT NOT NULL               -- SHA-256 of that file, hex
    ) WITHOUT ROWID;
    CREATE TABLE struck (                  -- what was taken out of the book, so that a copy does not bring it back
        id TEXT NOT NULL,
        client TEXT NOT NULL,
        kind TEXT NOT NULL,                -- its table; 'suggestion': nobody wants to see it again
        at INTEGER NOT NULL,
        PRIMARY KEY (id, kind)
    ) WITHOUT ROWID;
    CREATE TABLE pushed (                  -- what is in the calendar
        action TEXT PRIMARY KEY,
        client TEXT NOT NULL,
        done INTEGER NOT NULL              -- how it was last put there
    ) WITHOUT ROWID;

    CREATE TABLE said (                    -- what the author of a client's message says, by rules; can be rebuilt
        key TEXT PRIMARY KEY REFERENCES message (key),
        rules TEXT NOT NULL,               -- version of the rules it was read by
        automatic TEXT NOT NULL,           -- why nobody waits for an answer to it; '': a person wrote to people
        words INTEGER NOT NULL,            -- of the author's own
        asks TEXT NOT NULL,                -- JSON: as one of statements, by which it awaits an answer; '': it awaits none
        why_not TEXT NOT NULL,             -- then why it does not
        statements TEXT NOT NULL           -- JSON: a list of [kind, sentence, day or null, detail]
    );
    CREATE TABLE turn (                    -- a client's message as a turn of a conversation; can be rebuilt
        client TEXT NOT NULL,
        at INTEGER NOT NULL,               -- when it was sent, or else received
        key TEXT NOT NULL REFERENCES message (key),
        conversation INTEGER NOT NULL,     -- 0: not placed yet
        outgoing INTEGER NOT NULL,         -- 1: from one of our own addresses, or somebody else's at our domain
        counts INTEGER NOT NULL,           -- 1: a person wrote to people
        person TEXT NOT NULL,              -- address of who wrote; of an outgoing one, of whom it went to first
        sides TEXT NOT NULL,               -- of an incoming one whose side wrote, of an outgoing one whose it went to
        words INTEGER NOT NULL,            -- as in said
        topic INTEGER NOT NULL,            -- hash of its subject without Re: and the like; 0: none
        stray INTEGER NOT NULL,            -- 1: an answer that names no message
        PRIMARY KEY (client, at, key)      -- a client's history lies together, in order
    ) WITHOUT ROWID;
    CREATE INDEX turn_key ON turn (key, conversation);
    CREATE INDEX turn_conversation ON turn (conversation);
    CREATE INDEX turn_topic ON turn (client, topic, at);
    CREATE TABLE conversation (            -- what refers to each other, as far as it is one client's; can be rebuilt
        id INTEGER NOT NULL,
        client TEXT NOT NULL,
        broken INTEGER NOT NULL DEFAULT 0, -- 1: a turn of it went, or changed
        first_key TEXT NOT NULL,           -- of its first message
        messages INTEGER NOT NULL,
        counting INTEGER NOT NULL,         -- of them, those by which a person wrote to people
        first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        last_key TEXT NOT NULL,            -- of the last word between us and the client; '': none
        last_word TEXT NOT NULL,           -- who has it: 'us', 'them', or ''
        last_theirs_at INTEGER,
        last_ours_at INTEGER,
        PRIMARY KEY (client, id)
    ) WITHOUT ROWID;
    CREATE INDEX conversation_id ON conversation (id);
    CREATE INDEX conversation_broken ON conversation (id) WHERE broken = 1;
    CREATE TABLE awaited (                 -- a word that is owed, and by which message; can be rebuilt
        client TEXT NOT NULL,
        key TEXT NOT NULL REFERENCES message (key),
        by TEXT NOT NULL,                  -- who owes it: 'us' or 'them'
        conversation INTEGER NOT NULL,
        kind TEXT NOT NULL,                -- as in said
        at INTEGER NOT NULL,               -- of that message
        due TEXT,                          -- the day it is due, as 2026-11-27; NULL: none was named
        sentence TEXT NOT NULL,            -- the evidence
        PRIMARY KEY (client, key, by)
    ) WITHOUT ROWID;
    CREATE INDEX awaited_key ON awaited (key);
    CREATE INDEX awaited_conversation ON awaited (conversation);
    CREATE TABLE told (                    -- what was asked, promised or complained of, and when a word followed; can be rebuilt
        client TEXT NOT NULL,
        at INTEGER NOT NULL,               -- of the message
        key TEXT NOT NULL REFERENCES message (key),
        kind TEXT NOT NULL,                -- as in said: question, request, deadline, promise, escalation, departure
        by TEXT NOT NULL,                  -- who wrote it: 'us' or 'them'
        conversation INTEGER NOT NULL,
        due TEXT,                          -- the day it names, as 2026-11-27; NULL: none
        heard_at INTEGER,                  -- when the next word came from whom it was due; NULL: none did
        heard_key TEXT NOT NULL,           -- in which message
        first INTEGER NOT NULL,            -- 1: of what that word answers the first
        times INTEGER NOT NULL,            -- sentences of that kind
        sentence TEXT NOT NULL,            -- the first of them
        PRIMARY KEY (client, at, key, kind)
    ) WITHOUT ROWID;
    CREATE INDEX told_key ON told (key);
    CREATE INDEX told_answer ON told (client, at, by, heard_at) WHERE first = 1;
    CREATE INDEX told_conversation ON told (conversation);
    CREATE TABLE settled (                 -- what nobody waits for any more, or not now, as a person decided it
        client TEXT NOT NULL,
        key TEXT NOT NULL,
        by TEXT NOT NULL,                  -- as in awaited
        at INTEGER NOT NULL,
        until INTEGER,                     -- snoozed until then; NULL: done
        last_at INTEGER NOT NULL,          -- of the last word of the conversation then: a later one wakes it
        undone INTEGER NOT NULL,           -- 1: waited for again, so that a copy does not settle it anew
        PRIMARY KEY (key, by, client)      -- whatever the client is called now
    ) WITHOUT ROWID;
    CREATE TABLE unheard (key TEXT PRIMARY KEY) WITHOUT ROWID; -- messages whose turns are to be made, or made anew
    CREATE TRIGGER unheard_since AFTER INSERT ON attribution
        BEGIN INSERT OR IGNORE INTO unheard VALUES (NEW.key); END;
    CREATE TRIGGER unheard_without AFTER DELETE ON attribution
        BEGIN INSERT OR IGNORE INTO unheard VALUES (OLD.key); END;
    CREATE TRIGGER turn_gone AFTER DELETE ON turn
        BEGIN UPDATE conversation SET broken = 1 WHERE id = OLD.conversation; END;

    CREATE TABLE audit_outbox (            -- lines on their way to audit.jsonl
        seq INTEGER PRIMARY KEY,
        line TEXT NOT NULL
    );
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
)
