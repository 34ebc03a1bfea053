import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { silentLogger } from '../kernel/logger.ts'
import { systemRuntime } from '../kernel/runtime.ts'
import { capsulesOf, checkConfig } from './check-config.ts'
import { openStore, storeConfigOf } from './open-store.ts'

const FILE = 'capstan.config.ts'

describe('a configuration', () => {
  test('may be empty', () => assert.deepEqual(checkConfig({}, FILE), {}))

  test('is refused with the nearest key when one is misspelt', () => {
    assert.throws(() => checkConfig({ concurency: 5 }, FILE), {
      code: 'options.unknown',
      message: 'capstan.config.ts: unknown key "concurency"; did you mean "concurrency"?',
    })
  })

  for (const [what, config, path] of [
    ['a text as concurrency', { concurrency: '5' }, /capsule default: concurrency/],
    ['no slots', { concurrency: 0 }, /capsule default: concurrency/],
    ['no queue', { queues: [] }, /capsule default: queues: expected at least one/],
    ['a queue name with a space', { queues: ['a b'] }, /capsule default: queues/],
    ['a queue name of digits, which would lose its place', { queues: ['b', '10'] }, /not digits alone/],
    ['a timeout that is none', { timeout: 'soon' }, /timeout: expected milliseconds/],
    [
      'a misspelt key in a capsule',
      { capsules: { r: { queues: ['r'], concurency: 1 } } },
      /did you mean "concurrency"/,
    ],
    ['two stores', { store: { redis: 'redis://x', sqlite: 'y' } }, /store: expected/],
    ['an unknown store', { store: { postgres: 'x' } }, /store: unknown key "postgres"/],
    [
      'a death handler that is no function',
      { deathHandlers: [() => {}, 'log'] },
      /deathHandlers\[1\]: expected a function, got "log"/,
    ],
    ['no object at all', null, /expected an object as its default export/],
  ] as const) {
    test(`is refused with ${what}`, () => assert.throws(() => checkConfig(config, FILE), path))
  }

  test('lists queues in strict order, and draws by weight when weights are given', () => {
    assert.deepEqual(capsulesOf({ queues: ['b', 'a'], concurrency: 3 }), [
      { name: 'default', concurrency: 3, mode: 'strict', weights: { b: 0, a: 0 } },
    ])
    const modes = [
      { a: 3, b: 1 },
      { a: 1, b: 1 },
      { a: 0, b: 0 },
    ].map((queues) => capsulesOf({ queues })[0]!.mode)
    assert.deepEqual(modes, ['weighted', 'random', 'strict'])
  })

  test('names the store; the environment counts only where it says nothing', () => {
    const at = (config: object, environment: NodeJS.ProcessEnv) =>
      storeConfigOf({ config, file: null, directory: '.' }, environment)
    assert.deepEqual(at({}, {}), { sqlite: '.capstan/jobs.db' })
    assert.deepEqual(at({}, { REDIS_URL: 'redis://a' }), { redis: 'redis://a' })
    assert.deepEqual(at({ store: { sqlite: 'x.db' } }, { REDIS_URL: 'redis://a' }), { sqlite: 'x.db' })
  })

  test('takes the local Redis, as Sidekiq does, where a sidekiq.yml is read and nothing names a store', () => {
    const at = (config: object, environment: NodeJS.ProcessEnv) => {
      const sidekiq = { origins: {}, notes: [] }
      return storeConfigOf({ config, file: 'sidekiq.yml', directory: '.', sidekiq }, environment)
    }
    assert.deepEqual(at({}, {}), { redis: {} })
    assert.deepEqual(at({}, { REDIS_URL: 'redis://a' }), { redis: 'redis://a' })
    assert.deepEqual(at({ store: { sqlite: 'x.db' } }, {}), { sqlite: 'x.db' })
  })

  test('finds Redis through the variable that REDIS_PROVIDER names, before REDIS_URL', () => {
    const at = (environment: NodeJS.ProcessEnv) =>
      storeConfigOf({ config: {}, file: null, directory: '.' }, environment)
    const named = { REDIS_PROVIDER: 'CLOUD_URL', CLOUD_URL: 'redis://b', REDIS_URL: 'redis://a' }
    assert.deepEqual(at(named), { redis: 'redis://b' })
    assert.throws(() => at({ REDIS_PROVIDER: 'CLOUD_URL', REDIS_URL: 'redis://a' }), {
      code: 'options.url',
      message: /REDIS_PROVIDER names CLOUD_URL, which is not set/,
    })
  })

  for (const [variable, environment] of [
    ['REDIS_URL', { REDIS_URL: 'h:hush' }],
    ['CLOUD_URL', { REDIS_PROVIDER: 'CLOUD_URL', CLOUD_URL: 'redis://:hu#sh@h' }],
  ] as const) {
    test(`names ${variable} when the URL in it cannot be, without showing it`, async () => {
      const loaded = { config: {}, file: null, directory: '.' }
      await assert.rejects(
        openStore(systemRuntime(silentLogger), loaded, environment),
        ({ code, message }: Error & { code?: string }) =>
          code === 'options.url' &&
          message.startsWith(`${variable}: url: expected`) &&
          !message.includes('hu'),
      )
    })
  }

  test('says that a URL in REDIS_PROVIDER belongs into REDIS_URL', () => {
    const loaded = { config: {}, file: null, directory: '.' }
    const message = /looks like the URL itself/
    assert.throws(() => storeConfigOf(loaded, { REDIS_PROVIDER: 'redis://a' }), message)
  })

  for (const secret of ['redis://:s3cret@host', 's3cret']) {
    test(`never shows what REDIS_PROVIDER holds when that is no name: ${secret}`, () => {
      const loaded = { config: {}, file: null, directory: '.' }
      assert.throws(
        () => storeConfigOf(loaded, { REDIS_PROVIDER: secret }),
        ({ message }: Error) => /REDIS_PROVIDER.*REDIS_URL/.test(message) && !message.includes('s3cret'),
      )
    })
  }

  test('is refused with a rule for unknown jobs that is none', () =>
    assert.throws(() => checkConfig({ unknownJobs: 'drop' }, FILE), /unknownJobs: expected 'return', 'dead'/))
})
