import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEAD_MAX_AGE_MS, DEAD_MAX_JOBS } from '../transfer.ts'
import { type RedisOptions, settingsOf } from './options.ts'

test('without options it is the local server with the limits of the wire', () => {
  const settings = settingsOf({})
  assert.deepEqual(settings.address.endpoint, { host: '127.0.0.1', port: 6379 })
  assert.deepEqual(
    [settings.tls, settings.sentinel, settings.keyPrefix, settings.deadMaxJobs, settings.deadMaxAgeMs],
    [null, null, '', DEAD_MAX_JOBS, DEAD_MAX_AGE_MS],
  )
  assert.equal(settings.commandTimeoutMs, 3_000)
})

test('rediss:// turns TLS on, with or without settings for it', () => {
  assert.deepEqual(settingsOf({ url: 'rediss://h' }).tls, {})
  assert.deepEqual(settingsOf({ url: 'rediss://h', tls: { servername: 'x' } }).tls, { servername: 'x' })
})

test('sentinels are read with their usual port', () => {
  const { sentinel } = settingsOf({ sentinel: { name: 'jobs', sentinels: ['s1', 's2:7'], password: 'p' } })
  assert.deepEqual(sentinel, {
    name: 'jobs',
    sentinels: [
      { host: 's1', port: 26_379 },
      { host: 's2', port: 7 },
    ],
    credentials: { username: null, password: 'p' },
  })
})

const REFUSED: ReadonlyArray<readonly [unknown, RegExp]> = [
  [{ keyprefix: 'x' }, /there is no option 'keyprefix'; did you mean 'keyPrefix'\?/],
  [
    { keyPrefix: 'shop' },
    /keyPrefix: expected a prefix that ends in a separator, such as 'shop:', got 'shop'/,
  ],
  [{ url: 'redis://h', tls: {} }, /tls: expected a rediss:\/\/ URL/],
  [{ commandTimeoutMs: 0 }, /commandTimeoutMs: expected a whole number from 1, got 0/],
  [{ deadMaxJobs: -1 }, /deadMaxJobs: expected a whole number from 0/],
  [{ deadMaxAgeMs: 1.5 }, /deadMaxAgeMs: expected a whole number/],
  [{ metrics: '6' }, /metrics: expected one of auto, 7, 8, off, got 6/],
  [{ sentinel: { name: 'a', sentinels: [] } }, /sentinel: expected a name and at least one sentinel/],
  [{ sentinel: { name: 'a', sentinels: ['a b'] } }, /sentinel\.sentinels: expected host:port/],
]
for (const [options, message] of REFUSED) {
  test(`${JSON.stringify(options)} is refused`, () => {
    assert.throws(() => settingsOf(options as RedisOptions), message)
  })
}
