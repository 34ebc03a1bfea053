import assert from 'node:assert/strict'
import { type Clock, systemClock } from '../../../src/kernel/clock.ts'
import { eventually } from '../../system/hosts/eventually.ts'
import {
  isAlive,
  LIMIT_MS,
  loopOf,
  realRuntime,
  rejectsWith,
  type ShellScenarios,
  textOf,
} from '../shell-stage.ts'

/** Pings are never sent. */
const stoppedClock: Clock = { ...systemClock, sleep: () => new Promise(() => {}) }
const SHORT_LEASE_MS = 1_000

const write = (path: string) => ({ name: 'guard', body: 'echo "$2" >>"$1"', args: [path, 'guarded'] })

export const undoing: ShellScenarios = {
  'a lock refuses a second holder and shows its note': async ({ connect, fresh }) => {
    const [first, second] = [await connect(), await connect()]
    const path = fresh("a lock's file")
    const note = 'ann on host-1\nsince "noon" $HOME'
    assert.equal(await first.lock(path, note), null)
    assert.equal(await second.lock(path, 'ben'), note)
    assert.equal(await first.lock(path, 'again'), note)
    await first.unlock(path)
    assert.equal(await second.lock(path, 'ben'), null)
    assert.equal(await first.lock(path, 'ann'), 'ben')
  },

  'a lock in a folder that is not there is an error': async ({ connect, fresh }) => {
    const shell = await connect()
    const error = await rejectsWith('remote.exit', shell.lock(fresh('absent/lock'), 'ann'))
    assert.match(error.message, /absent\/lock/)
    await rejectsWith('remote.exit', shell.unlock(fresh('absent/lock')))
    assert.equal((await shell.run({ name: 'next', body: 'echo on' })).stdout, 'on\n')
  },

  'a shell holds five locks, each of its own': async ({ connect, fresh }) => {
    const [shell, other] = [await connect(), await connect()]
    const paths = ['1', '2', '3', '4', '5'].map(fresh)
    for (const path of paths) assert.equal(await shell.lock(path, path), null)
    await rejectsWith('remote.exit', shell.lock(fresh('6'), ''))
    await shell.unlock(paths[2]!)
    assert.equal(await other.lock(paths[2]!, 'other'), null)
    assert.equal(await other.lock(paths[3]!, 'other'), paths[3])
    assert.equal(await shell.lock(fresh('6'), ''), null)
  },

  'a lock dies with its shell, not with what that left running': async ({ connect, fresh }) => {
    const [first, second] = [await connect(), await connect()]
    const path = fresh('lock')
    await first.lock(path, 'ann')
    const left = await first.run({ name: 'leave', body: 'setsid sleep 1000 >/dev/null 2>&1 & echo $!' })
    process.kill(await loopOf(first), 'SIGKILL')
    await eventually('the lock', LIMIT_MS, async () => (await second.lock(path, 'ben')) === null)
    process.kill(Number(left.stdout), 'SIGKILL')
  },

  'a guard runs when the loop is killed, after the running script died': async ({ connect, fresh }) => {
    const shell = await connect()
    const [guarded, running] = [fresh('guarded'), fresh('running')]
    const loop = await loopOf(shell)
    const body = 'if kill -0 "$(cat "$2")" 2>/dev/null; then echo early; else echo after; fi >"$1"'
    await shell.guard({ name: 'guard', body, args: [guarded, running] })
    const run = shell.run({ name: 'work', body: 'echo $$ >"$1"; sleep 1000; true', args: [running] })
    const lost = rejectsWith('remote.lost', run)
    await eventually('the script', LIMIT_MS, () => textOf(running))
    process.kill(loop, 'SIGKILL')
    await lost
    assert.equal(await eventually('the guard', LIMIT_MS, () => textOf(guarded)), 'after\n')
  },

  'a guard that was disarmed does not run; the others do, the last one first': async ({ connect, fresh }) => {
    const shell = await connect()
    const path = fresh('guarded')
    const say = (word: string) =>
      shell.guard({ name: word, body: 'echo "$WORD" >>"$1"', args: [path], env: { WORD: word } })
    await say('first')
    const second = await say('second')
    await say('third')
    await second.disarm()
    await shell.close()
    assert.equal(await textOf(path), 'third\nfirst\n')
  },

  'a guard that fails does not keep the next from running': async ({ connect, fresh }) => {
    const shell = await connect()
    const path = fresh('guarded')
    await shell.guard(write(path))
    await shell.guard({ name: 'fails', body: 'exit 3' })
    await shell.close()
    assert.equal(await textOf(path), 'guarded\n')
  },

  'a controller that is killed: what runs dies, the guard runs': async ({ hold, fresh }) => {
    const [guarded, running] = [fresh('guarded'), fresh('running')]
    const holder = await hold(guarded, running)
    const pid = Number(await textOf(running))
    assert.ok(isAlive(pid))
    holder.kill('SIGKILL')
    assert.equal(await eventually('the guard', LIMIT_MS, () => textOf(guarded)), 'guarded\n')
    assert.equal(isAlive(pid), false)
  },

  'a controller that is silent for a lease is taken for dead': async ({ connect, fresh }) => {
    const shell = await connect({ ...realRuntime, clock: stoppedClock }, SHORT_LEASE_MS)
    const [guarded, running, lock] = [fresh('guarded'), fresh('running'), fresh('lock')]
    await shell.lock(lock, 'silent')
    await shell.guard(write(guarded))
    await rejectsWith(
      'remote.lost',
      shell.run({ name: 'work', body: 'echo $$ >"$1"; sleep 1000; true', args: [running] }),
    )
    assert.equal(await eventually('the guard', LIMIT_MS, () => textOf(guarded)), 'guarded\n')
    assert.equal(isAlive(Number(await textOf(running))), false)
    assert.equal(await (await connect()).lock(lock, 'next'), null)
  },

  'a controller that pings may run a script for longer than a lease': async ({ connect }) => {
    const shell = await connect(realRuntime, SHORT_LEASE_MS)
    assert.equal((await shell.run({ name: 'long', body: 'sleep 2.5; echo done' })).stdout, 'done\n')
    assert.equal(shell.roundTrips, 1)
  },
}
