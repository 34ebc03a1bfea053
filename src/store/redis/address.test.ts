import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../kernel/errors.ts'
import { type Address, parseAddress, parseEndpoint, showEndpoint } from './address.ts'

const plain: Address = {
  endpoint: { host: '127.0.0.1', port: 6379 },
  tls: false,
  database: 0,
  username: null,
  password: null,
}

const READS: Record<string, Partial<Address>> = {
  'redis://127.0.0.1': {},
  'redis://': {},
  'redis:///2': { database: 2 },
  'redis://db.example:7000/3': { endpoint: { host: 'db.example', port: 7000 }, database: 3 },
  'redis://[::1]:7000': { endpoint: { host: '::1', port: 7000 } },
  'redis://:s%40crét@h': { endpoint: { host: 'h', port: 6379 }, password: 's@crét' },
  'redis://app:pw@h/': { endpoint: { host: 'h', port: 6379 }, username: 'app', password: 'pw' },
  'rediss://h:6380': { endpoint: { host: 'h', port: 6380 }, tls: true },
  'unix:///run/redis/r.sock': { endpoint: { path: '/run/redis/r.sock' } },
  'unix://u:p@/run/a%20b.sock?db=4': {
    endpoint: { path: '/run/a b.sock' },
    username: 'u',
    password: 'p',
    database: 4,
  },
  'redis+unix:///r.sock': { endpoint: { path: '/r.sock' } },
}
for (const [text, expected] of Object.entries(READS)) {
  test(`${text} is read`, () => assert.deepEqual(parseAddress(text), { ...plain, ...expected }))
}

for (const text of ['', 'localhost:6379', 'http://h', 'redis://h/app', 'unix://', 'redis://:hush@h/x']) {
  test(`${JSON.stringify(text)} is refused with the accepted forms, without repeating it`, () => {
    assert.throws(
      () => parseAddress(text),
      (error) =>
        error instanceof UsageError &&
        error.code === 'options.url' &&
        error.message.includes('rediss://') &&
        !error.message.includes('hush'),
    )
  })
}

for (const text of [
  'redis://:hu#sh@h',
  'redis://:hu/sh@h:1/0',
  'redis://:12#sh@h',
  'redis://ada:12/sh@h',
  'redis://ada:12?sh@h',
  'redis://:hu%sh@h',
]) {
  test(`${text}, whose password is not encoded, is refused with how to write it, without a part of it`, () => {
    assert.throws(
      () => parseAddress(text),
      ({ code, message }: UsageError) =>
        code === 'options.url' && /# as %23, \/ as %2F/.test(message) && !/12|hu|sh@/.test(message),
    )
  })
}

test('an address alone is told what it does not begin with', () => {
  assert.throws(() => parseAddress('127.0.0.1:17379'), /, got one that does not begin with redis:\/\/$/)
})

test('endpoints are read and shown', () => {
  assert.deepEqual(parseEndpoint('h:1', 9, 'x'), { host: 'h', port: 1 })
  assert.deepEqual(parseEndpoint('h', 9, 'x'), { host: 'h', port: 9 })
  assert.deepEqual(parseEndpoint('[::1]:26379', 9, 'x'), { host: '::1', port: 26_379 })
  assert.deepEqual(parseEndpoint('redis://h:1/', 9, 'x'), { host: 'h', port: 1 })
  assert.throws(
    () => parseEndpoint('a b', 9, 'sentinel.sentinels'),
    /sentinel\.sentinels: expected host:port/,
  )
  assert.equal(showEndpoint({ host: '::1', port: 1 }), '[::1]:1')
  assert.equal(showEndpoint({ host: 'h', port: 1 }), 'h:1')
  assert.equal(showEndpoint({ path: '/r.sock' }), '/r.sock')
})
