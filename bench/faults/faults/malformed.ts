import type { Fault } from '../fault.ts'

const VALID = { class: 'FaultJob', args: ['bad', 0, 'sleep'], jid: 'aaaaaaaaaaaaaaaaaaaaaaaa', retry: 0 }
const broken = (changes: object) => JSON.stringify({ ...VALID, ...changes })

/**
 * Texts that a foreign program may push; a worker can run none of them. All on one line, none like another. A class
 * that nobody knows is not among them: its job is sound, and waits for a worker that knows it.
 */
export const MALFORMED: readonly string[] = [
  '',
  'nonsense',
  '{"class":"FaultJob"',
  'null',
  '42',
  '"FaultJob"',
  '[]',
  '[{"class":"FaultJob"}]',
  '{}',
  '\u0001\u0002\ufffd',
  broken({ class: undefined }),
  broken({ class: null }),
  broken({ class: 7 }),
  broken({ class: '' }),
  broken({ args: undefined }),
  broken({ args: 'text' }),
  broken({ args: { id: 1 } }),
  broken({ jid: undefined }),
  broken({ jid: 17 }),
  broken({ retry_count: 'often' }),
]

const INNOCENTS = 200

/** Payloads that cannot be run, among jobs that can. */
export const malformed: Fault = {
  name: 'malformed',
  title: () => `${MALFORMED.length} malformed payloads among ${INNOCENTS} good jobs`,
  inapplicable: ({ name }) =>
    name === 'BullMQ' ? 'a job is a hash that its own scripts write; nobody else pushes payloads' : null,
  async run(scene) {
    await scene.enqueue({ jobMs: 0, count: INNOCENTS / 2 })
    await scene.site.pushRaw!(MALFORMED)
    await scene.enqueue({ jobMs: 0, count: INNOCENTS / 2, prefix: 'jobAfter' })
    scene.keepWorker()
    await scene.quiet(30_000)
    const kept = await scene.site.kept!()
    const whole = MALFORMED.filter((text) => kept.some(({ payload }) => payload === text))
    const explained = MALFORMED.filter((text) => kept.some((one) => one.payload === text && one.hasReason))
    const lost = MALFORMED.filter((text) => !whole.includes(text))
    return {
      note: `${whole.length} of ${MALFORMED.length} kept whole, ${explained.length} with a reason`,
      broken:
        explained.length === MALFORMED.length
          ? []
          : [`malformed payloads not kept with a reason: ${lost.map((text) => JSON.stringify(text))}`],
    }
  },
}
