import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JournalEntry } from '../systemd/journal.ts'
import { journalSink, type LogSink, prefixedSink, processLogger, terminalSink } from './log.ts'

const FACTS = { jid: 'b4a5', error: new Error('out of\npaper'), elapsedMs: 12 }
const SENTENCE = 'job failed  jid=b4a5  error="out of\\npaper"  elapsedMs=12'

/** What a sink makes of one warning. */
function written(sink: (write: (text: string) => void) => LogSink): string[] {
  const texts: string[] = []
  const logger = processLogger(
    'info',
    sink((text) => texts.push(text)),
  )
  logger.debug('unheard')
  logger.child({ jid: 'b4a5' }).warn('job failed', { error: FACTS.error, elapsedMs: FACTS.elapsedMs })
  return texts
}

test('a terminal shows the time, the level, a sentence and its facts on one line', () => {
  const [line] = written((write) => terminalSink(write, false))
  assert.equal(line?.slice(12), ` warn  ${SENTENCE}\n`)
  assert.match(line ?? '', /^\d\d:\d\d:\d\d\.\d{3} /)
  const [coloured] = written((write) => terminalSink(write, true))
  assert.ok(coloured?.startsWith('\u001b[33m') && coloured.endsWith('\u001b[0m\n'))
})

test('the journal gets the sentence as its message, and the facts as fields', () => {
  const entries: JournalEntry[] = []
  written(() => journalSink((entry) => entries.push(entry), 'app-mail'))
  assert.deepEqual(entries, [
    {
      ...{ level: 'warn', message: SENTENCE, identifier: 'app-mail' },
      fields: { ...FACTS, error: 'out of\npaper' },
    },
  ])
})

test('the journal without its library gets lines with their priority', () => {
  assert.deepEqual(
    written((write) => prefixedSink(write)),
    [`<4>${SENTENCE}\n`],
  )
})

test('anything else gets JSON, with the message of an error', () => {
  const [line] = written((write) => write)
  const { level, msg, jid, error } = JSON.parse(line ?? '')
  assert.deepEqual(
    { level, msg, jid, error },
    { level: 'warn', msg: 'job failed', jid: 'b4a5', error: 'out of\npaper' },
  )
})
