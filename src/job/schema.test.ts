import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UsageError } from '../kernel/errors.ts'
import { checkSchema, type Schema, type SchemaResult } from './schema.ts'

function schemaOf<Output>(
  validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>,
): Schema<unknown, Output> {
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

const invalid = (message: string) => (error: unknown) =>
  error instanceof UsageError && error.code === 'job.invalid_arguments' && error.message === message

describe('checkSchema', () => {
  test('gives what the schema makes of the arguments, also when it takes its time', async () => {
    const double = schemaOf((value) => ({ value: [...(value as unknown[]), 'default'] }))
    assert.deepEqual(await checkSchema('Mail', double, ['a']), ['a', 'default'])
    const slow = schemaOf(async () => ({ value: ['later'] }))
    assert.deepEqual(await checkSchema('Mail', slow, []), ['later'])
  })

  test('names each path and what is wrong there', async () => {
    const schema = schemaOf(() => ({
      issues: [
        { message: 'expected a string', path: [0] },
        { message: 'too small', path: [1, 'size', { key: 'width' }] },
        { message: 'unknown', path: [{ key: 2 }, Symbol.for('tag')] },
      ],
    }))
    await assert.rejects(
      checkSchema('Mail', schema, [1]),
      invalid(
        'Mail: args[0]: expected a string; args[1].size.width: too small; args[2].Symbol(tag): unknown',
      ),
    )
  })

  test('a problem of the whole has no path', async () => {
    const schema = schemaOf(() => ({ issues: [{ message: 'expected two arguments' }] }))
    await assert.rejects(checkSchema('Mail', schema, []), invalid('Mail: args: expected two arguments'))
  })

  test('a failure of the schema itself passes on as it is', async () => {
    const schema = schemaOf(() => {
      throw new RangeError('a bug in the schema')
    })
    await assert.rejects(checkSchema('Mail', schema, []), RangeError)
  })
})
