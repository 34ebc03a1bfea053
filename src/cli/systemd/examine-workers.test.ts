import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../kernel/logger.ts'
import { seededRandom } from '../../kernel/random.ts'
import { memoryStore } from '../../store/memory/index.ts'
import { SimClock } from '../../testing/sim-clock.ts'
import { type Session, thisHost } from '../session.ts'
import type { Patient } from './diagnosis.ts'
import { examineWorkers } from './examine-workers.ts'

const HERE = thisHost()
/** Of a process of this host that has ended, and its pid given to this one. */
const GONE = { hostname: HERE.hostname, pid: HERE.pid, bootId: HERE.bootId, processStart: 'earlier' }
const ELSEWHERE = { hostname: 'elsewhere', pid: 7, bootId: '', processStart: '' }
const LIVING = { ...GONE, processStart: HERE.processStart }

function stage() {
  const clock = new SimClock()
  const store = memoryStore()
  const session: Session = {
    runtime: { clock, random: seededRandom(1), logger: silentLogger },
    options: {},
    config: async () => ({ config: {}, file: 'capstan.config.ts', directory: '.' }),
    ...{ store: async () => store, close: async () => {} },
  }
  const beat = async (identity: string, process: typeof GONE, holds = 0) => {
    const now = clock.now()
    const capsules = [{ name: 'default', concurrency: 5, mode: 'strict' as const, weights: { mail: 0 } }]
    const worker = { identity, ...process, startedAt: now, tag: '', labels: [], capsules, version: '0' }
    const counts = { processed: 0, failed: 0, rssKib: 0, roundTripUs: 0 }
    await store.heartbeat({ worker, now, quiet: false, running: [], ...counts })
    const payload = (jid: number) => JSON.stringify({ jid: `${identity} ${jid}`, class: 'A', args: [] })
    const jobs = Array.from({ length: holds }, (_, jid) => ({
      queue: 'mail',
      payload: payload(jid),
      at: null,
    }))
    await store.push({ token: identity, now, jobs })
    await store.exchange({ identity, now, settle: [], queues: ['mail'], count: holds })
  }
  const examined = () => examineWorkers({ session, environment: {} } as unknown as Patient)
  return { clock, beat, examined }
}

test('a dead worker that holds jobs is named, with who can recover them', async () => {
  const { clock, beat, examined } = stage()
  await beat('here:1:a', GONE, 2)
  await clock.advance('5s')
  assert.deepEqual(await examined(), [
    {
      subject: `worker ${GONE.hostname}:${GONE.pid}`,
      state: 'warning',
      what: 'dead: its process is gone from this host; last heard of 5 s ago, and holds 2 jobs',
      fix: 'start a worker, which recovers them: capstan work, or its service; or: capstan recover here:1:a',
    },
  ])
})

test('a worker of another host is named when it is silent, as capstan workers says it, and not before', async () => {
  const { clock, beat, examined } = stage()
  await beat('elsewhere:7:a', ELSEWHERE, 1)
  await clock.advance('59s')
  assert.deepEqual(await examined(), [])
  await clock.advance('1s')
  const [found] = await examined()
  assert.equal(found!.what, 'silent: presumed dead; last heard of 1 min ago, and holds 1 job')
  assert.match(found!.fix!, /or: capstan recover elsewhere:7:a$/)
})

test('where a worker is up, which recovers the jobs by itself, a dead one is only a note', async () => {
  const { beat, examined } = stage()
  await beat('here:1:a', GONE, 1)
  await beat('here:1:b', LIVING)
  assert.deepEqual(
    (await examined()).map(({ state }) => state),
    ['note'],
  )
})

test('a dead worker that holds nothing, and a living one that holds jobs, are not named', async () => {
  const { beat, examined } = stage()
  await beat('here:1:a', GONE)
  await beat('here:1:b', LIVING, 1)
  assert.deepEqual(await examined(), [])
})
