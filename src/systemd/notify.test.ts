import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Logger, silentLogger } from '../kernel/logger.ts'
import type { Libsystemd } from './libsystemd.ts'
import { notifier } from './notify.ts'

const UNDER_SYSTEMD = { NOTIFY_SOCKET: '/run/systemd/notify' }

function stage({ library, run }: { library?: Partial<Libsystemd>; run?: (words: string) => Promise<void> }) {
  const warnings: string[] = []
  const infos: string[] = []
  const logger: Logger = {
    ...silentLogger,
    info: (message) => infos.push(message),
    warn: (message) => warnings.push(message),
  }
  const lib = library === undefined ? null : { notify: () => true, journal: () => true, ...library }
  const notify = notifier(logger, UNDER_SYSTEMD, {
    library: () => lib,
    run: async (words) => run?.(words.join(' ')),
  })
  return { notify: notify!, warnings, infos }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('notifier', () => {
  test('is nothing, and loads nothing, where no systemd listens', () => {
    const library = () => assert.fail('was loaded')
    assert.equal(notifier(silentLogger, {}, { library, run: async () => {} }), null)
  })

  test('sends the assignments of one call as one message', () => {
    const sent: string[] = []
    const { notify } = stage({ library: { notify: (state) => sent.push(state) > 0 } })
    notify('READY=1', 'STATUS=0/10 busy')
    assert.deepEqual(sent, ['READY=1\nSTATUS=0/10 busy'])
  })

  test('runs systemd-notify without the library, one after the other', async () => {
    const ran: string[] = []
    const first = Promise.withResolvers<void>()
    const { notify, warnings, infos } = stage({
      run: (words) => {
        ran.push(words)
        return ran.length === 1 ? first.promise : Promise.resolve()
      },
    })
    notify('READY=1', 'STATUS=0/10 busy')
    notify('STOPPING=1')
    await turn()
    assert.deepEqual(ran, ['READY=1 STATUS=0/10 busy'])
    first.resolve()
    await turn()
    assert.deepEqual(ran, ['READY=1 STATUS=0/10 busy', 'STOPPING=1'])
    assert.deepEqual(warnings, [])
    assert.match(infos.join(), /without the package koffi .* NotifyAccess=all/)
  })

  test('warns once when systemd cannot be told at all', async () => {
    const { notify, warnings } = stage({ run: () => Promise.reject(new Error('ENOENT')) })
    notify('READY=1')
    notify('WATCHDOG=1')
    await turn()
    assert.equal(warnings.length, 1)
    const refused = stage({ library: { notify: () => false } })
    refused.notify('READY=1')
    refused.notify('WATCHDOG=1')
    assert.equal(refused.warnings.length, 1)
  })
})
