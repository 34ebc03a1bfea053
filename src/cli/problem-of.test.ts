import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { StoreError, UsageError } from '../kernel/errors.ts'
import { problemOf } from './problem-of.ts'

test('an error of ours is told with its code, by which scripts decide, and its exit code', () => {
  assert.deepEqual(problemOf(new UsageError('job.unknown', 'no job is called "x"')), {
    what: 'no job is called "x"',
    code: 'job.unknown',
    exitCode: 2,
  })
  const { code, exitCode, next } = problemOf(new StoreError('store.not_stored', 'away', { retryable: true }))
  assert.deepEqual([code, exitCode], ['store.not_stored', 1])
  assert.match(next!, /^nothing was changed; see that the store runs/)
})

test('of a store that refuses, nobody is told to start it', () => {
  const { next } = problemOf(new StoreError('store.not_stored', 'wrong password'))
  assert.equal(next, 'nothing was changed; mend what the store refuses, then repeat the command')
})

test('a worker that is not there is nothing that matches, not a wrong use', () => {
  assert.equal(problemOf(new UsageError('worker.unknown', 'no worker is registered as "x"')).exitCode, 3)
})

test('a misspelt command is a problem like any other', () => {
  const program = new Command('capstan').exitOverride().configureOutput({ writeErr: () => {} })
  program.addCommand(new Command('work'))
  const thrown = (words: string[]) => {
    try {
      program.parse(words, { from: 'user' })
    } catch (error) {
      return problemOf(error)
    }
    return assert.fail('it was taken')
  }
  assert.deepEqual(thrown(['wrok']), {
    what: "unknown command 'wrok'\n(Did you mean work?)",
    code: 'options.invalid',
    exitCode: 2,
  })
  assert.equal(thrown([]).what, 'no command was given')
})

test('an error that is none of ours is told with its stack and a code of its own', () => {
  const { what, code, exitCode } = problemOf(new TypeError('x of undefined'))
  assert.match(what, /^TypeError: x of undefined\n {4}at /)
  assert.deepEqual([code, exitCode], ['internal.unexpected', 1])
})
