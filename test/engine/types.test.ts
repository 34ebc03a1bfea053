import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { z } from 'zod'
import type { Client } from '../../src/client/client.ts'
import { setDefaultClient } from '../../src/client/default-client.ts'
import { defineJob, type Job } from '../../src/client/define-job.ts'
import type { JobDeath } from '../../src/job/death.ts'
import type { JobContext } from '../../src/job/definition.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only when the two types are the same. */
function assertSame<A, B>(_same: Equal<A, B>): void {}

type ArgsOf<J> = J extends Job<infer Args> ? Args : never

const inferred = defineJob({
  name: 'Inferred',
  run: ([_path, _width]: [string, number]) => undefined,
  died: (args) => assertSame<typeof args, [string, number]>(true),
})
interface Tree {
  readonly name: string
  readonly note?: string
  readonly children: readonly Tree[]
}
/** What JSON carries compiles, however it is declared. */
const sendable = defineJob({
  name: 'Sendable',
  run: ([_tree, _unknown]: [Tree, unknown, ...Array<Record<string, number | null>>]) => undefined,
})
const bare = defineJob({ name: 'Bare', run: () => undefined })
const optional = defineJob({
  name: 'Optional',
  run: ([_path, _width]: [path: string, width?: number]) => undefined,
})
const checked = defineJob({
  name: 'Checked',
  args: z.tuple([z.string(), z.coerce.number<string>().default(5)]),
  run(args, context) {
    assertSame<typeof args, [string, number]>(true)
    assertSame<typeof context, JobContext>(true)
  },
  died(args, death) {
    assertSame<typeof args, [string, (string | undefined)?]>(true)
    assertSame<typeof death, JobDeath>(true)
  },
})

/** Never run: what matters is that it compiles, and that each marked line would not without its mark. */
export async function compileErrors(): Promise<void> {
  await inferred.enqueue('a.jpg', 300)
  // @ts-expect-error an argument is missing
  await inferred.enqueue('a.jpg')
  // @ts-expect-error the wrong way round
  await inferred.enqueue(300, 'a.jpg')
  // @ts-expect-error one too many
  await inferred.enqueue('a.jpg', 300, true)
  await inferred.enqueueMany([['a.jpg', 300]])
  // @ts-expect-error a row of the wrong types
  await inferred.enqueueMany([['a.jpg', '300']])
  await inferred.in('10m').enqueue('a.jpg', 300)
  // @ts-expect-error also when delayed
  await inferred.in('10m').enqueue('a.jpg')
  // @ts-expect-error also at a moment
  await inferred.at(new Date()).enqueue()
  // @ts-expect-error also with options
  await inferred.with({ queue: 'slow' }).enqueue('a.jpg')
  // @ts-expect-error an unknown option of with
  inferred.with({ que: 'slow' })

  await bare.enqueue()
  // @ts-expect-error it takes none
  await bare.enqueue('a.jpg')

  await optional.enqueue('a.jpg')
  await optional.enqueue('a.jpg', 300)
  // @ts-expect-error not even the first
  await optional.enqueue()

  await checked.enqueue('a.jpg')
  await checked.enqueue('a.jpg', '7')
  // @ts-expect-error what the schema takes, not what it makes of it
  await checked.enqueue('a.jpg', 7)
  // @ts-expect-error a field of another type
  await checked.enqueue(7)
}

export function impossibleDefinitions(): void {
  // @ts-expect-error without a name
  defineJob({ run: () => undefined })
  // @ts-expect-error without code
  defineJob({ name: 'A' })
  // @ts-expect-error an unknown option
  defineJob({ name: 'A', retries: 5, run: () => undefined })
  // @ts-expect-error true is no retry of a definition
  defineJob({ name: 'A', retry: true, run: () => undefined })
  // @ts-expect-error run takes other arguments than the schema makes
  defineJob({ name: 'A', args: z.tuple([z.string()]), run: ([_n]: [number]) => undefined })
  // @ts-expect-error a Date does not survive JSON
  defineJob({ name: 'A', run: ([_at]: [Date]) => undefined })
  // @ts-expect-error nor does a Map in an object
  defineJob({ name: 'A', run: ([_order]: [{ lines: Map<string, number> }]) => undefined })
  // @ts-expect-error nor a BigInt in a list
  defineJob({ name: 'A', run: ([_ids]: [bigint[]]) => undefined })
  // @ts-expect-error nor a Date that a schema takes
  defineJob({ name: 'A', args: z.tuple([z.date()]), run: () => undefined })
  // @ts-expect-error a schema of no tuple
  defineJob({ name: 'A', args: z.string(), run: () => undefined })
}

assertSame<ArgsOf<typeof inferred>, [string, number]>(true)
assertSame<ArgsOf<typeof sendable>[0], Tree>(true)
assertSame<ArgsOf<typeof bare>, []>(true)
assertSame<ArgsOf<typeof optional>, [path: string, width?: number]>(true)
assertSame<ReturnType<typeof inferred.enqueue>, Promise<string | null>>(true)
assertSame<ReturnType<typeof inferred.enqueueMany>, Promise<number>>(true)

describe('types of jobs', () => {
  afterEach(() => setDefaultClient(null))

  test('what compiles is also what is handed over at run time', async () => {
    const handed: unknown[] = []
    const client = { enqueue: async (_definition: unknown, args: unknown) => void handed.push(args) }
    setDefaultClient(client as unknown as Client)
    await inferred.enqueue('a.jpg', 300)
    await checked.enqueue('a.jpg', '7')
    assert.deepEqual(handed, [
      ['a.jpg', 300],
      ['a.jpg', '7'],
    ])
  })
})
