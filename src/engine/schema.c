#include "engine/engine.h"

/*
 * What the write path keeps. Volatile columns bear no index but the outbox's, which is short; an aggregate's
 * history is the chain events.prev from aggregates.head, so that an event costs no second index.
 */
const struct migration engine_migrations[] = {
    {"engine", 1,
     "CREATE TABLE events (\n"
     "  seq BIGKEY,\n"
     "  kind TEXT NOT NULL,\n"
     "  aggregate BIGINT NOT NULL,\n"
     "  version BIGINT NOT NULL,\n"
     "  prev BIGINT NOT NULL,\n"
     "  type TEXT NOT NULL,\n"
     "  at BIGINT NOT NULL,\n"
     "  actor TEXT NOT NULL,\n"
     "  role TEXT NOT NULL,\n"
     "  agency TEXT NOT NULL,\n"
     "  channel TEXT NOT NULL,\n"
     "  item TEXT NOT NULL,\n"
     "  key TEXT NOT NULL,\n"
     "  body TEXT NOT NULL,\n"
     "  salt BYTES NOT NULL\n"
     ");\n"
     "CREATE TABLE aggregates (\n"
     "  id BIGKEY,\n"
     "  kind TEXT NOT NULL,\n"
     "  version BIGINT NOT NULL,\n"
     "  head BIGINT NOT NULL,\n"
     "  pseudonym BYTES NOT NULL\n"
     ");\n"
     "CREATE TABLE timers (id BIGKEY, due BIGINT NOT NULL);\n"
     "CREATE TABLE counters (series TEXT PRIMARY KEY, value BIGINT NOT NULL);\n"
     "CREATE TABLE outbox (\n"
     "  seq BIGINT NOT NULL,\n"
     "  n BIGINT NOT NULL,\n"
     "  topic TEXT NOT NULL,\n"
     "  body TEXT NOT NULL,\n"
     "  attempts BIGINT NOT NULL,\n"
     "  next BIGINT NOT NULL,\n"
     "  PRIMARY KEY (seq, n)\n"
     ");\n"
     "CREATE INDEX outbox_next ON outbox (topic, next);\n"
     "CREATE TABLE leaves (seq BIGKEY, hash BYTES NOT NULL, entry BYTES NOT NULL);\n"
     "CREATE TABLE checkpoints (size BIGKEY, at BIGINT NOT NULL, note TEXT NOT NULL, edge BYTES NOT NULL);\n"
     "CREATE TABLE ledger_keys (name TEXT PRIMARY KEY, vkey TEXT NOT NULL, since BIGINT NOT NULL);\n"},
    {"engine", 2,
     /* what went out, with its cosignatures */
     "ALTER TABLE checkpoints ADD COLUMN published TEXT;\n"
     "ALTER TABLE checkpoints ADD COLUMN published_at BIGINT;\n"
     /* a name may have had several keys */
     "ALTER TABLE ledger_keys RENAME TO ledger_keys_before;\n"
     "CREATE TABLE ledger_keys (name TEXT NOT NULL, vkey TEXT PRIMARY KEY, since BIGINT NOT NULL);\n"
     "INSERT INTO ledger_keys (name, vkey, since) SELECT name, vkey, since FROM ledger_keys_before;\n"
     "DROP TABLE ledger_keys_before;\n"},
    /* when a key signed, and where it lies; rows from before are keys in use */
    {"keys", 1,
     "ALTER TABLE ledger_keys ADD COLUMN file TEXT NOT NULL DEFAULT '';\n"
     "ALTER TABLE ledger_keys ADD COLUMN until BIGINT NOT NULL DEFAULT 0;\n"
     "ALTER TABLE ledger_keys ADD COLUMN first_seq BIGINT NOT NULL DEFAULT 0;\n"
     "ALTER TABLE ledger_keys ADD COLUMN last_seq BIGINT NOT NULL DEFAULT 0;\n"
     "ALTER TABLE ledger_keys ADD COLUMN reason TEXT NOT NULL DEFAULT '';\n"},
    /* the row that orders all who write (turn.h): one, changed by each group */
    {"turns", 1,
     "CREATE TABLE newest (one BIGKEY, seq BIGINT NOT NULL, mark BIGINT NOT NULL);\n"
     "INSERT INTO newest (one, seq, mark) SELECT 1, coalesce(max(seq), 0), 0 FROM events;\n"},
    {0},
};
