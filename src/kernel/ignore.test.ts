import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ignore } from './ignore.ts'
import { type LogFields, type Logger, silentLogger } from './logger.ts'

test('an ignored failure is logged at debug with the reason, and nothing rejects', async () => {
  const { promise: logged, resolve } = Promise.withResolvers<[string, LogFields | undefined]>()
  const logger: Logger = { ...silentLogger, debug: (message, fields) => resolve([message, fields]) }
  ignore(Promise.reject(new Error('lost')), 'nobody waits for it', logger)
  assert.deepEqual(await logged, ['ignored a failure', { reason: 'nobody waits for it', error: 'lost' }])
})

test('an ignored success says nothing', async () => {
  let lines = 0
  const logger: Logger = { ...silentLogger, debug: () => void lines++ }
  const work = Promise.resolve('done')
  ignore(work, 'nobody waits for it', logger)
  await work
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(lines, 0)
})
