import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Every statement that a store runs after it was opened. Lists of numbers or names go in as one JSON text. */
export const SQL = {
  begin: 'BEGIN',
  beginImmediate: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',

  counters: 'SELECT back, front, processed, failed, schedule, retry, dead FROM counters',
  saveCounters: `UPDATE counters SET back = :back, front = :front, processed = :processed, failed = :failed,
    schedule = :schedule, retry = :retry, dead = :dead`,

  addJob: 'INSERT INTO jobs (number, payload) VALUES (?, ?)',
  payload: 'SELECT payload FROM jobs WHERE number = ?',
  rewriteJob: 'UPDATE jobs SET payload = ? WHERE number = ?',
  deleteJob: 'DELETE FROM jobs WHERE number = ?',

  queue: 'SELECT id, name, size, paused FROM queues WHERE name = ?',
  addQueue: 'INSERT INTO queues (name) VALUES (?) RETURNING id, name, size, paused',
  resizeQueue: 'UPDATE queues SET size = ?, listed = 1 WHERE id = ?',
  forgetQueue: 'DELETE FROM queues WHERE id = ? AND paused = 0',
  emptyPausedQueue: 'UPDATE queues SET size = 0, listed = 0 WHERE id = ?',
  pauseQueue: `INSERT INTO queues (name, paused, listed) VALUES (?, 1, 0)
    ON CONFLICT (name) DO UPDATE SET paused = 1`,
  resumeQueue: 'UPDATE queues SET paused = 0 WHERE name = ?',
  forgetUnlistedQueue: 'DELETE FROM queues WHERE name = ? AND listed = 0 AND size = 0',
  pausedQueues: 'SELECT name FROM queues WHERE paused = 1',
  queueSummaries: `SELECT name, size, paused, (SELECT payload FROM waiting CROSS JOIN jobs ON jobs.number = job
    WHERE queue = queues.id ORDER BY rank LIMIT 1) AS oldest FROM queues WHERE listed = 1 ORDER BY name`,
  hasJobs: `SELECT EXISTS (SELECT 1 FROM queues WHERE size > 0 AND paused = 0
    AND name IN (SELECT value FROM json_each(?))) AS found`,

  addWaiting: 'INSERT INTO waiting (queue, rank, job) VALUES (?, ?, ?)',
  firstWaiting: `SELECT rank, payload FROM waiting CROSS JOIN jobs ON jobs.number = job
    WHERE queue = ? ORDER BY rank LIMIT ?`,
  claimRange: `INSERT INTO in_flight (worker, token, claimed, job, queue)
    SELECT ?, rank, ?, job, ? FROM waiting WHERE queue = ? AND rank BETWEEN ? AND ?`,
  leaveWaiting: 'DELETE FROM waiting WHERE queue = ? AND rank BETWEEN ? AND ?',
  takeWaiting: 'DELETE FROM waiting WHERE queue = ? AND rank = ? RETURNING job',
  listWaiting: `SELECT rank, payload FROM waiting CROSS JOIN jobs ON jobs.number = job
    WHERE queue = ? ORDER BY rank LIMIT ? OFFSET ?`,
  clearWaitingJobs: 'DELETE FROM jobs WHERE number IN (SELECT job FROM waiting WHERE queue = ?)',
  clearWaiting: 'DELETE FROM waiting WHERE queue = ?',

  finishJobs: `DELETE FROM jobs WHERE number IN
    (SELECT job FROM in_flight WHERE worker = ? AND token IN (SELECT value FROM json_each(?)))`,
  finishInFlight: 'DELETE FROM in_flight WHERE worker = ? AND token IN (SELECT value FROM json_each(?))',
  takeInFlight: 'DELETE FROM in_flight WHERE worker = ? AND token = ? RETURNING job, queue',
  inFlightTokens: 'SELECT token FROM in_flight WHERE worker = ?',
  inFlight: `SELECT token, in_flight.queue, job, payload FROM in_flight CROSS JOIN jobs ON jobs.number = job
    WHERE worker = ? ORDER BY claimed, token`,
  leaveInFlight: 'DELETE FROM in_flight WHERE worker = ?',
  countInFlight: 'SELECT count(*) AS count FROM in_flight',

  addToSet: 'INSERT INTO sets (name, at, rank, job, reason) VALUES (?, ?, ?, ?, ?)',
  takeFromSet: 'DELETE FROM sets WHERE name = ? AND at = ? AND rank = ? RETURNING job',
  dueInSet: `SELECT at, rank, job, payload FROM sets CROSS JOIN jobs ON jobs.number = job
    WHERE name = ? AND at <= ? ORDER BY at, rank LIMIT ?`,
  tooOldInSet: 'SELECT at, rank FROM sets WHERE name = ? AND at <= ?',
  firstInSet: 'SELECT at, rank FROM sets WHERE name = ? ORDER BY at, rank LIMIT ?',
  listSet: `SELECT at, rank, reason, payload FROM sets CROSS JOIN jobs ON jobs.number = job
    WHERE name = ? ORDER BY at, rank LIMIT ? OFFSET ?`,
  clearSetJobs: 'DELETE FROM jobs WHERE number IN (SELECT job FROM sets WHERE name = ?)',
  clearSet: 'DELETE FROM sets WHERE name = ?',

  workerId: 'SELECT id FROM workers WHERE identity = ?',
  lastBeat: 'SELECT id, beat_at AS beatAt, signal FROM workers WHERE identity = ?',
  saveWorker: `INSERT INTO workers (identity, info, beat_at, quiet, rss_kib, running, signal)
    VALUES (:identity, :info, :beatAt, :quiet, :rssKib, :running, :signal)
    ON CONFLICT (identity) DO UPDATE SET info = excluded.info, beat_at = excluded.beat_at, quiet = excluded.quiet,
    rss_kib = excluded.rss_kib, running = excluded.running, signal = excluded.signal`,
  workers: 'SELECT info, beat_at AS beatAt, quiet, rss_kib AS rssKib, running FROM workers ORDER BY id',
  countWorkers: 'SELECT count(*) AS count FROM workers',
  removeWorker: 'DELETE FROM workers WHERE identity = ?',

  addSignal: 'INSERT INTO signals (identity, signal) VALUES (?, ?)',
  takeSignal: `DELETE FROM signals WHERE number = (SELECT min(number) FROM signals WHERE identity = ?)
    RETURNING signal`,
  dropSignals: 'DELETE FROM signals WHERE identity = ?',

  pushedAt: 'SELECT at FROM push_tokens WHERE token = ?',
  rememberPush: 'INSERT OR REPLACE INTO push_tokens (token, at) VALUES (?, ?)',
  forgetPush: 'DELETE FROM push_tokens WHERE token = ?',
  forgetOldPushes: 'DELETE FROM push_tokens WHERE at <= ?',

  // Whole seconds go in, so that rounding cannot carry a moment over midnight.
  countDay: `INSERT INTO days (date, processed, failed) VALUES (date(?, 'unixepoch'), ?, ?)
    ON CONFLICT (date) DO UPDATE SET processed = processed + excluded.processed, failed = failed + excluded.failed`,
  lastDays: `WITH RECURSIVE ago (days) AS (SELECT 0 UNION ALL SELECT days + 1 FROM ago WHERE days + 1 < :days),
    wanted (day) AS (SELECT date(:seconds, 'unixepoch', '-' || days || ' days') FROM ago)
    SELECT day AS date, ifnull(processed, 0) AS processed, ifnull(failed, 0) AS failed
    FROM wanted LEFT JOIN days ON date = day ORDER BY day DESC LIMIT :days`,
  waitingInAll: 'SELECT ifnull(sum(size), 0) AS count FROM queues',
  version: 'SELECT sqlite_version() AS version, (SELECT count(*) FROM counters) AS readable',
} as const

export type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>

/** Statements whose rows come as arrays: they run for every job, and an array costs half of an object. */
const AS_ARRAYS = ['firstWaiting', 'inFlightTokens'] as const

/** Prepares all statements on one connection. */
export function prepareStatements(database: DatabaseSync): Statements {
  const prepared = Object.fromEntries(
    Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)]),
  ) as Statements
  for (const name of AS_ARRAYS) prepared[name].setReturnArrays(true)
  return prepared
}
