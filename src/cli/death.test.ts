import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deathIn } from './death.ts'

const causeOf = (SERVICE_RESULT: string, EXIT_CODE: string, EXIT_STATUS: string) =>
  deathIn({ INVOCATION_ID: 'f00', SERVICE_RESULT, EXIT_CODE, EXIT_STATUS }, '')?.cause

test('the cause of a death is what systemd knows of it', () => {
  assert.equal(causeOf('oom-kill', 'killed', 'KILL'), 'oom-kill')
  assert.equal(causeOf('watchdog', 'killed', 'ABRT'), 'watchdog')
  assert.equal(causeOf('timeout', 'killed', 'KILL'), 'timeout')
  assert.equal(causeOf('signal', 'killed', 'SEGV'), 'signal SEGV')
  assert.equal(causeOf('core-dump', 'dumped', 'ABRT'), 'core-dump ABRT')
  assert.equal(causeOf('exit-code', 'exited', '1'), 'exit-code 1')
  assert.equal(causeOf('success', 'exited', '0'), 'exit-code 0')
  assert.equal(causeOf('success', 'killed', 'TERM'), 'signal TERM')
})

test('outside of ExecStopPost nothing has died', () => {
  assert.equal(deathIn({ INVOCATION_ID: 'f00' }), null)
  assert.equal(deathIn({}), null)
})

test('a kill in a unit whose memory ran out was that', () => {
  const killed = { INVOCATION_ID: 'f00', SERVICE_RESULT: 'signal', EXIT_CODE: 'killed', EXIT_STATUS: 'KILL' }
  assert.equal(deathIn(killed, 'low 0\noom 1\noom_kill 1\n')?.cause, 'oom-kill')
  assert.equal(deathIn(killed, 'low 0\noom 1\noom_kill 0\n')?.cause, 'signal KILL')
  assert.equal(deathIn({ ...killed, EXIT_STATUS: 'TERM' }, 'oom_kill 1\n')?.cause, 'signal TERM')
})
