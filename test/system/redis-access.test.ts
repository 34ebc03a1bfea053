import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { StoreError } from '../../src/kernel/errors.ts'
import { openRedisStore } from '../../src/store/redis/index.ts'
import {
  ANN,
  beatOf,
  claim,
  eventually,
  job,
  pushOne,
  runtime,
  storeError,
  waitFor,
} from './redis-fixture.ts'
import { type RedisServer, type RedisServerOptions, startRedisServer } from './redis-server.ts'

/** Takes the last step of a worker as its own. */
const LEAVER = join(import.meta.dirname, 'fixtures/leave-at-exit.ts')

async function withServer(options: RedisServerOptions, use: (server: RedisServer) => Promise<void>) {
  const server = await startRedisServer(options)
  try {
    await use(server)
  } finally {
    await server.stop()
  }
}

async function roundTrip(url: string, options = {}) {
  const store = await openRedisStore(runtime, { url, ...options })
  try {
    await store.heartbeat(beatOf(ANN))
    await pushOne(store, runtime.random.hex(8), job('j1'))
    assert.equal((await waitFor(store, ['a']))[0]?.payload, job('j1'))
    return await store.ping()
  } finally {
    await store.close()
  }
}

/** Why a store cannot be opened. */
async function refusal(options: Parameters<typeof openRedisStore>[1]): Promise<StoreError> {
  try {
    await (await openRedisStore(runtime, options)).close()
  } catch (error) {
    assert.ok(error instanceof StoreError)
    return error
  }
  throw new Error('expected the store not to open')
}

test('a server without a password, and another database of it', () =>
  withServer({}, async (server) => {
    await roundTrip(server.url)
    await roundTrip(`${server.url}/3`)
    assert.equal(await server.command('-n', '3', 'SISMEMBER', 'queues', 'a'), '1')
  }))

test('a database that does not exist is said at opening', () =>
  withServer({}, async (server) => {
    const error = await refusal({ url: `${server.url}/99` })
    assert.match(error.message, /DB index is out of range; end the URL with .*redis\.conf$/)
  }))

test('a unix socket, with a password', () =>
  withServer({ unixSocket: true, password: 'hush' }, async (server) => {
    const health = await roundTrip(server.url)
    assert.match(health.location, /redis\.sock$/)
  }))

describe('a server with a password', () => {
  let server: RedisServer
  before(async () => {
    server = await startRedisServer({ password: 'hu:sh/ü' })
  })
  after(() => server.stop())

  test('the password opens it', async () => {
    const health = await roundTrip(server.url)
    assert.doesNotMatch(JSON.stringify(health), /hu:sh/)
  })

  test('no password: the error says where, what, and what to do', async () => {
    const error = await refusal({ url: `redis://127.0.0.1:${server.port}` })
    assert.equal(error.code, 'store.not_stored')
    assert.equal(error.retryable, false)
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${server.port}.*NOAUTH.*redis://:PASSWORD@HOST$`))
  })

  test('a wrong password is refused, and not repeated in the error', async () => {
    const error = await refusal({ url: `redis://:s3cret@127.0.0.1:${server.port}` })
    const what =
      /^cannot open the store: Redis at 127\.0\.0\.1:\d+: WRONGPASS [^.]+; check the user and the password in the URL$/
    assert.match(error.message, what)
    assert.doesNotMatch(error.message, /s3cret/)
  })

  test('a user whose rights are enough is enough', async () => {
    const rights = [
      '~app:*',
      '&*',
      '-@all',
      '+@read',
      '+@write',
      '+@scripting',
      '+@connection',
      '+client|unblock',
    ]
    await server.command('ACL', 'SETUSER', 'worker', 'on', '>pw', ...rights)
    const url = `redis://worker:pw@127.0.0.1:${server.port}`
    const health = await roundTrip(url, { keyPrefix: 'app:' })
    assert.match(health.warnings.join(), /INFO is not allowed/)
  })

  test('without the right to unblock, an aborted wait still strands no job', async () => {
    const rights = ['~*', '&*', '+@all', '-client|unblock']
    await server.command('ACL', 'SETUSER', 'gentle', 'on', '>pw', ...rights)
    const store = await openRedisStore(runtime, { url: `redis://gentle:pw@127.0.0.1:${server.port}` })
    const stop = new AbortController()
    const waiting = waitFor(store, ['z'], stop.signal)
    stop.abort()
    await waiting
    await store.push({ token: 'z', now: 1, jobs: [{ queue: 'z', payload: job('z'), at: null }] })
    await store.heartbeat(beatOf(ANN))
    assert.equal((await claim(store, 1, ['z'])).length, 1)
    await store.close()
  })

  test('a user without rights to the keys is refused by name of what is missing', async () => {
    await server.command('ACL', 'SETUSER', 'other', 'on', '>pw', '~other:*', '+@all')
    const store = await openRedisStore(runtime, { url: `redis://other:pw@127.0.0.1:${server.port}` })
    await assert.rejects(pushOne(store, 't', job('j')), storeError('store.not_stored', false))
    await store.close()
  })
})

test('a server that is not there: the error says where, and what to do', async () => {
  const error = await refusal({ url: 'redis://:hush@127.0.0.1:1' })
  assert.equal(error.code, 'store.not_stored')
  assert.equal(error.retryable, true)
  assert.match(error.message, /127\.0\.0\.1:1.*ECONNREFUSED.*start the server, or correct the URL/)
  assert.doesNotMatch(error.message, /hush/)
})

test('something that is no Redis is said so', async () => {
  const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
  await once(web, 'listening')
  const { port } = web.address() as { port: number }
  assert.match((await refusal({ url: `redis://127.0.0.1:${port}` })).message, /expected a Redis reply/)
  web.close()
})

test('TLS to a server without it is said so', () =>
  withServer({}, async (server) => {
    const error = await refusal({ url: server.url.replace('redis:', 'rediss:') })
    assert.match(error.message, /no connection with TLS within 1000 ms.*wants redis:\/\//)
  }))

test('something that says nothing is given up after a second', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  const started = performance.now()
  assert.match(
    (await refusal({ url: `redis://127.0.0.1:${port}` })).message,
    /took the connection and said nothing for 1000 ms/,
  )
  assert.ok(performance.now() - started < 2_000)
  silent.close()
})

describe('TLS', () => {
  const dir = mkdtempSync(join(tmpdir(), 'capstan-tls-'))
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
  let server: RedisServer
  before(async () => {
    const subject = ['-subj', '/CN=redis', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
    const made = [
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ]
    execFileSync('openssl', ['req', ...made, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' })
    server = await startRedisServer({ tls: { cert, key, ca: cert }, password: 'pw' })
  })
  after(async () => {
    await server.stop()
    rmSync(dir, { recursive: true })
  })

  test('a certificate of a known authority, by address and by name', async () => {
    const tls = { ca: readFileSync(cert) }
    await roundTrip(server.url, { tls })
    await roundTrip(server.url.replace('127.0.0.1', 'localhost'), { tls })
  })

  test('the last step of a process arrives, though no loop turns any more that would encrypt it', async () => {
    const store = await openRedisStore(runtime, { url: server.url, tls: { ca: readFileSync(cert) } })
    await store.heartbeat(beatOf(ANN))
    await pushOne(store, runtime.random.hex(8), job('j1'))
    await claim(store, 1)
    execFileSync(process.execPath, [LEAVER, server.url, cert, ANN], { stdio: 'inherit' })
    await eventually(async () => assert.deepEqual(await store.workers(), []))
    assert.equal((await store.list({ queue: 'a' }, { offset: 0, limit: 5 }))[0]?.payload, job('j1'))
    await store.close()
  })

  test('a certificate of an unknown authority is refused', async () => {
    assert.match((await refusal({ url: server.url })).message, /self-signed certificate/)
  })

  test('plain text to a TLS port is refused', async () => {
    const error = await refusal({ url: server.url.replace('rediss', 'redis') })
    assert.equal(error.code, 'store.not_stored')
  })
})

test('what endangers jobs is said with its cure', () =>
  withServer({ config: ['maxmemory-policy allkeys-lru'] }, async (server) => {
    const store = await openRedisStore(runtime, { url: server.url })
    const { warnings, version, kind, durability } = await store.ping()
    assert.equal(kind, 'redis')
    assert.match(version, /^(Redis|Valkey) \d+\./)
    assert.match(durability, /after a crash of Redis, nothing$/)
    assert.match(
      warnings.join('\n'),
      /maxmemory-policy is allkeys-lru.*noeviction.*\)\n.*appendonly yes.*REWRITE/,
    )
    await server.command('CONFIG', 'SET', 'save', '3600 1')
    assert.match((await store.ping()).durability, /, what its last snapshot holds$/)
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    await server.command('CONFIG', 'SET', 'appendonly', 'yes')
    await server.command('CONFIG', 'SET', 'appendfsync', 'everysec')
    const safe = await store.ping()
    assert.deepEqual(safe.warnings, [])
    assert.match(safe.durability, /a power cut may take the last second/)
    await store.close()
  }))
