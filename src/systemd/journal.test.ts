import assert from 'node:assert/strict'
import { closeSync, fstatSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { isJournal, journalFields } from './journal.ts'

test('a stream is the journal only if it is the very file that systemd has opened', () => {
  const descriptor = openSync('/dev/null', 'w')
  const { dev, ino } = fstatSync(descriptor)
  assert.equal(isJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, descriptor), true)
  assert.equal(isJournal({ JOURNAL_STREAM: `${dev}:${ino + 1}` }, descriptor), false)
  assert.equal(isJournal({}, descriptor), false)
  closeSync(descriptor)
  assert.equal(isJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, 12_345), false)
})

test('fields become names that journald takes, and cannot replace those of the entry', () => {
  const fields = {
    ...{ jid: 'b4a5', elapsedMs: 12, errorClass: 'Error', tags: ['a', 'b'], nothing: undefined },
    ...{ 'user id': 7, _PID: 1, '9': 'x', message: 'forged', priority: 0, ['long'.repeat(20)]: 1 },
  }
  assert.deepEqual(journalFields({ level: 'warn', message: 'job failed', identifier: 'app', fields }), [
    ...['MESSAGE=job failed', 'PRIORITY=4', 'SYSLOG_IDENTIFIER=app'],
    ...['JID=b4a5', 'ELAPSED_MS=12', 'ERROR_CLASS=Error', 'TAGS=["a","b"]', 'NOTHING='],
    ...['USER_ID=7', 'PID=1', `${'LONG'.repeat(16)}=1`],
  ])
})
