import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replyCode, type Trouble, translate } from './translate.ts'

const reply = (text: string): Trouble => ({ kind: 'reply', text })

// Error texts as real servers sent them.
const SAMPLES: ReadonlyArray<readonly [Trouble, string, boolean]> = [
  [reply('LOADING Redis is loading the dataset in memory'), 'store.not_stored', true],
  [reply("READONLY You can't write against a read only replica."), 'store.not_stored', true],
  [reply('READONLY Can not run script with write flag on readonly replica.'), 'store.not_stored', true],
  [
    reply("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
    'store.not_stored',
    true,
  ],
  [reply('NOREPLICAS Not enough good replicas to write.'), 'store.not_stored', true],
  [
    reply(
      'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist on disk.',
    ),
    'store.not_stored',
    true,
  ],
  [
    reply('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.'),
    'store.not_stored',
    true,
  ],
  [
    reply('UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)'),
    'store.not_stored',
    true,
  ],
  [reply("OOM command not allowed when used memory > 'maxmemory'."), 'store.full', true],
  [
    reply(
      "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory' script: 1b936e3fe509bcbc9cd0664897bbe8fd0cac101b, on @user_script:1.",
    ),
    'store.full',
    true,
  ],
  [
    reply(
      "ERR Error running script (call to f_82d4a5b5b8a8a6f2a7f1e2b2f4a1c3d5e6f70819): @user_script:1: -OOM command not allowed when used memory > 'maxmemory'.",
    ),
    'store.full',
    true,
  ],
  [
    reply(
      'ERR Error running script (call to f_82d4a5b5b8a8a6f2a7f1e2b2f4a1c3d5e6f70819): @user_script: 3: -READONLY You can not write against a read only replica.',
    ),
    'store.not_stored',
    true,
  ],
  [reply('NOAUTH Authentication required.'), 'store.not_stored', false],
  [reply('WRONGPASS invalid username-password pair or user is disabled.'), 'store.not_stored', false],
  [reply("NOPERM User limited has no permissions to run the 'evalsha' command"), 'store.not_stored', false],
  [
    reply(
      'WRONGTYPE Operation against a key holding the wrong kind of value script: 5c4a, on @user_script:12.',
    ),
    'store.not_stored',
    false,
  ],
  [reply("ERR unknown command 'HELLO', with args beginning with: '2'"), 'store.not_stored', false],
  [{ kind: 'disconnected', cause: new Error('connect ECONNREFUSED') }, 'store.not_stored', true],
  [{ kind: 'unanswered', why: 'the connection was cut' }, 'store.unknown', true],
  [{ kind: 'silent', afterMs: 1_000 }, 'store.not_stored', true],
  [{ kind: 'closed' }, 'store.closed', false],
]

for (const [trouble, code, retryable] of SAMPLES) {
  const name = trouble.kind === 'reply' ? trouble.text.slice(0, 60) : trouble.kind
  test(`${name} … becomes ${code}`, () => {
    const error = translate(trouble, 'db.example:6379')
    assert.equal(error.code, code)
    assert.equal(error.retryable, retryable)
    assert.match(error.message, /db\.example:6379/)
  })
}

test('an error reply keeps the words of the server', () => {
  assert.match(translate(reply('ERR max number of clients reached'), 'x:1').message, /max number of clients/)
})

test('the code word is read from a plain and from a wrapped error', () => {
  assert.equal(replyCode('NOSCRIPT No matching script. Please use EVAL.'), 'NOSCRIPT')
  assert.equal(replyCode('ERR Error running script (call to f_1): @user_script:9: WRONGTYPE Op'), 'WRONGTYPE')
  assert.equal(replyCode('no code at all'), '')
})
