import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { UsageError } from '../kernel/errors.ts'
import type { Client, EnqueueOptions } from './client.ts'
import { setDefaultClient } from './default-client.ts'
import { defineJob, isJob } from './define-job.ts'

const NOW = 1_795_492_274_000

/** A client that only notes what it is asked for. */
function noting() {
  const calls: Array<readonly [name: string, args: unknown, options: EnqueueOptions]> = []
  let now = NOW
  const client = {
    clock: { now: () => now },
    enqueue: async ({ name }: { name: string }, args: unknown, options: EnqueueOptions) => {
      calls.push([name, args, options])
      return 'jid-1'
    },
    enqueueMany: async ({ name }: { name: string }, rows: unknown, options: EnqueueOptions) => {
      calls.push([name, rows, options])
      return 2
    },
  }
  setDefaultClient(client as unknown as Client)
  return {
    calls,
    pass: (ms: number) => {
      now += ms
    },
  }
}

const mail = defineJob({ name: 'Mail', run: ([_to, _times]: [string, number]) => undefined })

describe('defineJob', () => {
  afterEach(() => setDefaultClient(null))

  test('enqueue hands its arguments to the client and answers with the jid', async () => {
    const { calls } = noting()
    assert.equal(await mail.enqueue('a', 1), 'jid-1')
    assert.deepEqual(calls, [['Mail', ['a', 1], {}]])
  })

  test('enqueueMany hands the rows over as they are', async () => {
    const { calls } = noting()
    const rows: Array<[string, number]> = [
      ['a', 1],
      ['b', 2],
    ]
    assert.equal(await mail.enqueueMany(rows), 2)
    assert.equal(calls[0]![1], rows)
  })

  test('at takes a Date or milliseconds', async () => {
    const { calls } = noting()
    await mail.at(new Date(NOW + 5)).enqueue('a', 1)
    await mail.at(NOW + 6).enqueueMany([['b', 2]])
    assert.deepEqual(
      calls.map(([, , options]) => options),
      [{ at: NOW + 5 }, { at: NOW + 6 }],
    )
  })

  test('at takes no text: it may be a moment in any time zone', async () => {
    noting()
    const late = mail.at('2030-01-01' as unknown as Date).enqueue('a', 1)
    const message = 'Mail: at: expected a Date or milliseconds since 1970, got "2030-01-01"'
    await assert.rejects(late, { code: 'options.invalid', message })
  })

  test('the delay of in counts from each call to enqueue', async () => {
    const { calls, pass } = noting()
    const later = mail.in('10m')
    await later.enqueue('a', 1)
    pass(1_000)
    await later.enqueue('a', 1)
    assert.deepEqual(
      calls.map(([, , options]) => options),
      [{ at: NOW + 600_000 }, { at: NOW + 601_000 }],
    )
  })

  test('with passes its options on', async () => {
    const { calls } = noting()
    await mail.with({ queue: 'slow', token: 't' }).enqueue('a', 1)
    assert.deepEqual(calls[0]![2], { queue: 'slow', token: 't' })
  })

  test('an impossible option is refused at the definition', () => {
    assert.throws(() => defineJob({ name: '', run: () => undefined }), UsageError)
  })
})

describe('isJob', () => {
  test('knows jobs from anything else that a module may export', () => {
    assert.equal(isJob(mail), true)
    for (const value of [undefined, null, 'Mail', () => mail, {}, mail.definition])
      assert.equal(isJob(value), false)
  })
})

test('a misspelt option of with is refused, and a missing client is a rejection', async () => {
  const job = defineJob({ name: 'Careful', run() {} })
  assert.throws(() => job.with({ qeue: 'x' } as object), {
    code: 'options.unknown',
    message: 'Careful: with: unknown key "qeue"; did you mean "queue"?',
  })
  assert.throws(() => job.with({ token: 5 } as object), {
    message: 'Careful: with: token: expected a text, got 5',
  })
  setDefaultClient(null)
  await assert.rejects(job.enqueue(), { code: 'client.missing' })
})
