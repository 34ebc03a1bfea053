import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UsageError } from '../../kernel/errors.ts'
import { DEAD_MAX_AGE_MS, DEAD_MAX_JOBS } from '../transfer.ts'
import { settingsOf } from './options.ts'

const refused = (options: object, code: string, message: RegExp) =>
  assert.throws(
    () => settingsOf(options as never),
    (error: unknown) => error instanceof UsageError && error.code === code && message.test(error.message),
  )

describe('settingsOf', () => {
  test('survives a power cut and keeps the limits of the wire unless told otherwise', () => {
    assert.deepEqual(settingsOf({ path: '/data/jobs.sqlite' }), {
      path: '/data/jobs.sqlite',
      durability: 'power-loss',
      deadMaxJobs: DEAD_MAX_JOBS,
      deadMaxAgeMs: DEAD_MAX_AGE_MS,
    })
  })

  test('makes the path absolute', () => {
    assert.match(settingsOf({ path: 'jobs.sqlite' }).path, /^\/.*\/jobs\.sqlite$/)
  })

  test('refuses an unknown option and names the one that was meant', () => {
    refused({ path: '/a', durabilty: 'power-loss' }, 'options.unknown', /did you mean "durability"/)
  })

  test('refuses a path that is missing, empty or in memory', () => {
    refused({}, 'options.invalid', /path: expected a file name/)
    refused({ path: '' }, 'options.invalid', /path: expected a file name/)
    refused({ path: ':memory:' }, 'options.invalid', /capstan\/store\/memory/)
  })

  test('refuses values that cannot be', () => {
    refused({ path: '/a', durability: 'none' }, 'options.invalid', /power-loss or process-crash, got "none"/)
    refused({ path: '/a', deadMaxJobs: -1 }, 'options.invalid', /deadMaxJobs/)
    refused({ path: '/a', deadMaxAgeMs: 1.5 }, 'options.invalid', /deadMaxAgeMs/)
  })
})
