import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Logger, silentLogger } from '../kernel/logger.ts'
import { seededRandom } from '../kernel/random.ts'
import { SimClock } from '../testing/sim-clock.ts'
import { type ServiceParams, UnderSystemd } from './under-systemd.ts'

const EXTEND = 'EXTEND_TIMEOUT_USEC=5000000'

function stage(params: Partial<ServiceParams> = {}) {
  const clock = new SimClock()
  const errors: string[] = []
  const logger: Logger = { ...silentLogger, error: (message) => errors.push(message) }
  const sent: Array<readonly [atMs: number, ...assignments: string[]]> = []
  const facts = { busy: 0, waiting: 0, hang: null as string | null }
  const service = new UnderSystemd(
    { clock, random: seededRandom(1), logger },
    {
      notify: (...assignments) => sent.push([clock.mono(), ...assignments]),
      ...{ pingMs: null, monotonicUs: () => 77n, drainMs: 25_000, concurrency: 10 },
      ...{ busy: () => facts.busy, countWaiting: async () => facts.waiting, hang: () => facts.hang },
      ...params,
    },
  )
  const pings = () => sent.filter(([, ...lines]) => lines.includes('WATCHDOG=1')).map(([atMs]) => atMs)
  return { clock, service, sent, facts, errors, pings }
}

describe('UnderSystemd', () => {
  test('says that it is ready, then its status when it changed, once a second at most', async () => {
    const { clock, service, sent, facts } = stage()
    service.enter('running')
    assert.deepEqual(sent, [[0, 'READY=1', 'STATUS=0/10 busy']])
    facts.busy = 3
    facts.waiting = 128
    await clock.advance(500)
    facts.busy = 4
    await clock.advance(9_500)
    assert.deepEqual(sent.slice(1), [
      [1_000, 'STATUS=4/10 busy, 0 waiting'],
      [6_000, 'STATUS=4/10 busy, 128 waiting'],
    ])
  })

  test('says that the store does not answer', async () => {
    const { clock, service, sent } = stage({ countWaiting: () => Promise.reject(new Error('refused')) })
    service.enter('running')
    await clock.advance(1_000)
    assert.deepEqual(sent.at(-1), [1_000, 'STATUS=0/10 busy, the store does not answer'])
  })

  test('becomes quiet as a reload that is over at once', async () => {
    const { clock, service, sent, facts } = stage()
    service.enter('running')
    facts.busy = 2
    service.enter('quiet')
    await clock.advance(0)
    assert.deepEqual(sent.slice(1), [
      [0, 'RELOADING=1', 'MONOTONIC_USEC=77'],
      [0, 'READY=1', 'STATUS=quiet, 2 jobs left'],
    ])
  })

  test('does not call it a reload when it stops', async () => {
    const { clock, service, sent, facts } = stage()
    service.enter('running')
    facts.busy = 1
    service.enter('quiet')
    service.enter('draining')
    await clock.advance(0)
    assert.deepEqual(sent.slice(1), [[0, 'STOPPING=1', EXTEND, 'STATUS=draining, 1 job left, 25 s']])
  })

  test('asks for more time as long as it may drain, and no longer', async () => {
    const { clock, service, sent, facts } = stage({ drainMs: 3_000 })
    facts.busy = 1
    service.enter('draining')
    await clock.advance(2_000)
    assert.deepEqual(sent.slice(1), [
      [1_000, EXTEND, 'STATUS=draining, 1 job left, 2 s'],
      [2_000, EXTEND, 'STATUS=draining, 1 job left, 1 s'],
    ])
    await clock.advance(60_000)
    const last = sent.findLast(([, ...lines]) => lines.includes(EXTEND))
    assert.equal(last?.[0], 12_000)
  })

  test('falls silent when it has stopped', async () => {
    const { clock, service, sent } = stage({ pingMs: 1_000 })
    service.enter('running')
    service.enter('draining')
    service.enter('stopped')
    assert.deepEqual(sent.at(-1), [0, 'STATUS=stopped'])
    const count = sent.length
    await clock.advance(60_000)
    assert.equal(sent.length, count)
    assert.equal(clock.sleeping, 0)
  })

  test('pings the watchdog twice in its time: while it works, is quiet and drains', async () => {
    const { clock, service, pings } = stage({ pingMs: 15_000 })
    service.enter('running')
    await clock.advance(30_000)
    service.enter('quiet')
    await clock.advance(15_000)
    service.enter('draining')
    await clock.advance(15_000)
    assert.deepEqual(pings(), [15_000, 30_000, 45_000, 60_000])
  })

  test('does not miss a ping of the shortest watchdog', async () => {
    const { clock, service, pings } = stage({ pingMs: 500 })
    service.enter('running')
    await clock.advance(2_000)
    assert.deepEqual(pings(), [500, 1_000, 1_500, 2_000])
  })

  test('stops pinging when the worker hangs, says so once, and goes on when that is over', async () => {
    const { clock, service, facts, errors, pings } = stage({ pingMs: 1_000 })
    service.enter('running')
    facts.hang = 'store.exchange was not answered for 61 s'
    await clock.advance(5_000)
    assert.deepEqual(pings(), [])
    assert.deepEqual(errors, ['the worker hangs; its watchdog is pinged no more'])
    facts.hang = null
    await clock.advance(1_000)
    assert.deepEqual(pings(), [6_000])
  })
})
