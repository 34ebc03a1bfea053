/**
 * The first schema. A payload is written once, into `jobs`, and stays there while its job moves: the places only
 * hold numbers, so a move costs the same for a job of 200 bytes and for one of 4 KB.
 *
 * Every job is referred to by exactly one row of `waiting`, `in_flight` or `sets`. Ranks and job numbers come from
 * `counters`: `back` only grows, `front` only falls, so neither is ever used twice, and a claim may take the rank
 * that its job had as its token. `queues.size` and the three set sizes are kept so that no count ever scans a backlog.
 */
export const places = `
CREATE TABLE jobs (
  number INTEGER PRIMARY KEY,
  payload ANY NOT NULL
) STRICT;

CREATE TABLE queues (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL DEFAULT 0,
  paused INTEGER NOT NULL DEFAULT 0,
  listed INTEGER NOT NULL DEFAULT 1 -- 0: known only because it is paused
) STRICT;
CREATE INDEX paused_queues ON queues (name) WHERE paused = 1;

CREATE TABLE waiting (
  queue INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  job INTEGER NOT NULL,
  PRIMARY KEY (queue, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE in_flight (
  worker INTEGER NOT NULL,
  token INTEGER NOT NULL, -- the rank in the queue that it was claimed from
  claimed INTEGER NOT NULL, -- grows from claim to claim: ranks alone are no order once jobs came back to the front
  job INTEGER NOT NULL,
  queue TEXT NOT NULL, -- by name: the queue may be cleared and forgotten meanwhile
  PRIMARY KEY (worker, token)
) STRICT, WITHOUT ROWID;

CREATE TABLE sets (
  name TEXT NOT NULL, -- schedule, retry, dead
  at REAL NOT NULL,
  rank INTEGER NOT NULL,
  job INTEGER NOT NULL,
  reason TEXT,
  PRIMARY KEY (name, at, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL UNIQUE,
  info TEXT NOT NULL,
  beat_at REAL NOT NULL,
  quiet INTEGER NOT NULL,
  rss_kib REAL NOT NULL,
  running TEXT NOT NULL,
  signal TEXT -- what its last beat was answered with
) STRICT;

CREATE TABLE signals (
  number INTEGER PRIMARY KEY,
  identity TEXT NOT NULL,
  signal TEXT NOT NULL
) STRICT;

CREATE TABLE push_tokens (
  token TEXT PRIMARY KEY,
  at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE days (
  date TEXT PRIMARY KEY,
  processed INTEGER NOT NULL,
  failed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  back INTEGER NOT NULL,
  front INTEGER NOT NULL,
  processed INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  schedule INTEGER NOT NULL,
  retry INTEGER NOT NULL,
  dead INTEGER NOT NULL
) STRICT;
INSERT INTO counters VALUES (1, 0, 0, 0, 0, 0, 0, 0);
`
