import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Service } from '../services/service.ts'
import { CutoverMoments } from './cutover-moments.ts'
import { serviceAccount } from './host-account.ts'
import { type AccountedService, ledgerOf } from './ledger.ts'

const before = { processed: 100, failed: 10, inFlight: 4, enqueued: 50 }
const after = { processed: 130, failed: 12, inFlight: 6, enqueued: 40 }

const account = { readyMs: 9_000, why: null, draining: 1, handedBack: 3, recovered: 1 }
const service = (changes: Partial<AccountedService> = {}): AccountedService => ({
  ...{ host: 'web-1', service: 'worker', isWorker: true, toldMs: 10_000, account },
  ...changes,
})

describe('a ledger', () => {
  test('counts what was begun: what ended, what went back, and what runs now but did not before', () => {
    const ledger = ledgerOf({ before, after, services: [service()] })
    assert.equal(ledger.taken, 30 + 3 + 1 + 6 - 4)
    assert.equal(ledger.finished, 28)
    assert.equal(ledger.failed, 2)
    assert.deepEqual([ledger.running, ledger.waiting, ledger.draining], [6, 40, 1])
    assert.deepEqual(ledger.unknown, [])
  })

  test('says that there was no gap, and by how much, when the new worker was ready first', () => {
    const { longestGapMs, gaps } = ledgerOf({ before, after, services: [service()] })
    assert.equal(longestGapMs, 0)
    assert.deepEqual(gaps, [{ host: 'web-1', service: 'worker', gapMs: 0, aheadMs: 1_000 }])
  })

  test('has the longest gap of all hosts and services', () => {
    const late = service({ host: 'web-2', account: { ...account, readyMs: 15_700 } })
    const ledger = ledgerOf({ before, after, services: [service(), late] })
    assert.equal(ledger.longestGapMs, 5_700)
    assert.equal(ledger.gaps[1]?.aheadMs, null)
  })

  test('has no gap where no worker was there before', () => {
    const ledger = ledgerOf({ before, after, services: [service({ toldMs: undefined })] })
    assert.equal(ledger.longestGapMs, null)
    assert.deepEqual([ledger.gaps, ledger.unknown], [[], []])
  })

  test('has a gap of unknown length where the telling failed: some may have been told', async () => {
    const moments = new CutoverMoments()
    const telling = (stdout: string) => async () => ({ exitCode: 0, stdout, stderr: '', durationMs: 0 })
    await moments.tell('web-1', 'worker', telling('told\t10.5\n'))
    await moments.tell('web-2', 'worker', telling(''))
    const cut = moments.tell('web-3', 'worker', () => Promise.reject(new Error('the line was lost')))
    await assert.rejects(cut, /the line was lost/)
    const told = ['web-1', 'web-2', 'web-3'].map((host) => moments.toldMs(host, 'worker'))
    assert.deepEqual(told, [10_500, undefined, null])
    const { gaps, unknown } = ledgerOf({ before, after, services: [service({ toldMs: null })] })
    assert.deepEqual(gaps, [{ host: 'web-1', service: 'worker', gapMs: null, aheadMs: null }])
    assert.deepEqual(unknown, ['gap of worker on web-1: it is not known when they were told'])
  })

  test('knows no longest gap when one of them is not known, and says why', () => {
    const dumb = { ...account, readyMs: null, why: 'its unit is not Type=notify' }
    const ledger = ledgerOf({
      before,
      after,
      services: [service(), service({ host: 'web-2', account: dumb })],
    })
    assert.equal(ledger.longestGapMs, null)
    assert.deepEqual(ledger.unknown, ['gap of worker on web-2: its unit is not Type=notify'])
  })

  test('invents nothing when the store could not be asked', () => {
    const ledger = ledgerOf({ before: { unknown: 'no worker ran' }, after, services: [service()] })
    assert.deepEqual([ledger.taken, ledger.finished, ledger.failed], [null, null, null])
    assert.equal(ledger.running, 6)
    assert.deepEqual(ledger.unknown, ['jobs before the deploy: no worker ran'])
  })

  test('does not know what was taken when it does not know what was handed back', () => {
    const mute = { ...account, handedBack: null, recovered: null }
    const ledger = ledgerOf({
      before,
      after,
      services: [service(), service({ host: 'web-2', account: mute })],
    })
    assert.deepEqual([ledger.taken, ledger.handedBack, ledger.recovered], [null, null, null])
    assert.equal(ledger.finished, 28)
    assert.match(ledger.unknown[0] ?? '', /may not read the journal/)
  })

  test('does not count on a host that no longer answers', () => {
    const gone = service({ account: { unknown: 'web-1: the line was lost' } })
    const ledger = ledgerOf({ before, after, services: [gone] })
    assert.deepEqual([ledger.draining, ledger.longestGapMs], [null, null])
    assert.deepEqual(ledger.unknown, [
      'gap of worker on web-1: web-1: the line was lost',
      'web-1 worker: web-1: the line was lost',
    ])
  })
})

describe('what a host tells of a service', () => {
  const worker: Service = {
    ...({ type: 'worker', manager: 'system', cutover: 'overlap' } as const),
    ...{
      name: 'worker',
      unitFile: '',
      template: 'shop-worker',
      followsRelease: true,
      drainMs: 1,
      processes: 2,
    },
  }
  const said = (...lines: string[]) => serviceAccount(worker, lines.join('\n'))

  test('is the moment of the first that was ready', () => {
    const { readyMs } = said('ready\tworker 7000000 notify', 'ready\tworker 5000000 notify')
    assert.equal(readyMs, 5_000)
  })

  test('is no moment where systemd does not hear of readiness, or the clocks have parted', () => {
    assert.match(said('ready\tworker 5000000 simple').why ?? '', /Type=notify/)
    assert.match(said('ready\tworker 0 notify').why ?? '', /does not say/)
    assert.match(said('ready\tworker 5000000 notify', 'slept\tworker 2').why ?? '', /has slept/)
    assert.equal(said('ready\tworker 5000000 notify', 'slept\tworker 0').why, null)
  })

  test('counts what workers wrote into the journal', () => {
    const { handedBack, recovered, draining } = said(
      'draining\tworker 2',
      'readable\tworker yes',
      'journal\tworker the drain time is over; jobs are handed back  jobs=3',
      'journal\tworker the drain time is over; jobs are handed back  jobs=2',
      'journal\tworker recovered a dead worker  identity=web-1:1:a  cause=killed  jobs=4',
      'journal\tworker web-1:2:0b: 1 jobs are back (killed by SIGKILL)',
      'journal\tother the drain time is over; jobs are handed back  jobs=9',
    )
    assert.deepEqual([handedBack, recovered, draining], [5, 5, 2])
  })

  test('counts what was recovered after the end of a worker, whatever words are said of it', () => {
    const { recovered } = said(
      'readable\tworker yes',
      'journal\tworker web-1:2:b0c1d2e3f4a5: 1 job is back (killed by SIGKILL)',
      'journal\tworker web-1:3:a0c1d2e3f4a5: 12 jobs given back (killed: 7 times)',
      'journal\tworker web-1:9: 5 jobs are back',
      'journal\tworker job failed  error="web-1:2:b0: 7 jobs are back (x)"',
    )
    assert.equal(recovered, 13)
  })

  test('counts nothing in a journal that may not be read', () => {
    assert.equal(said('draining\tworker 0', 'readable\tother yes').handedBack, null)
  })
})
