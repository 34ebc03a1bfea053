import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newOutput } from '../output.ts'
import { showProgress } from './progress.ts'

/** What a person reads of some steps. */
function shown(json: boolean): string {
  let said = ''
  const out = newOutput({
    ...{ tty: false, colour: false, columns: 80, ask: null, showsLive: true },
    writeOut: () => {},
    writeError: (text) => {
      said += text
    },
  })
  out.json = json
  const events = showProgress({ ...out, live: json ? out.live : () => {} })
  events.phase('verify')
  events.stepBegun('web-1', 'watch for 0 s')
  for (const step of ['watch for 0 s', 'look at the instances', 'note the end', 'watch for 10 s'])
    events.stepDone('web-1', step, 10_000)
  events.stepFailed('web-1', 'npm ci', 'interrupted')
  return said
}

test('progress shows what moves a deploy on, not the looks in between, and says what was cut short', () => {
  assert.equal(shown(false), 'verify\n  web-1  watch for 10 s  10.0 s\n  web-1  npm ci: interrupted\n')
})

test('beside an answer in JSON there is no progress', () => assert.equal(shown(true), ''))
