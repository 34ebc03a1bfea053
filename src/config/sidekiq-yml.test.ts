import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type SidekiqYml, sidekiqYml } from './sidekiq-yml.ts'

const FILE = 'config/sidekiq.yml'
const read = (text: string, environment: Record<string, string> = {}): Promise<SidekiqYml> =>
  sidekiqYml(text, FILE, environment)
const configOf = async (text: string, environment?: Record<string, string>) =>
  (await read(text, environment)).config

describe('a sidekiq.yml', () => {
  test('is read as Ruby writes it: symbols as keys, a list of pairs, seconds', async () => {
    const text =
      '---\n:concurrency: 5\n:timeout: 30\n:queues:\n  - [critical, 2]\n  - default\n  - :low\n:tag: shop\n:labels: [a, b]\n'
    assert.deepEqual(await configOf(text), {
      concurrency: 5,
      timeout: 30_000,
      queues: { critical: 2, default: 1, low: 1 },
      tag: 'shop',
      labels: ['a', 'b'],
    })
  })

  for (const [what, text, queues] of [
    ['names alone are strict', 'queues: [b, a]', ['b', 'a']],
    ['one name', 'queues: mail', ['mail']],
    ['pairs in one text', 'queues: ["a,3", "b,1"]', { a: 3, b: 1 }],
    ['a weight of 0 everywhere is strict', 'queues: [[b, 0], [a, 0]]', ['b', 'a']],
    ['no weight beside a weight counts 1', 'queues: [[a, 3], b, [c, 0]]', { a: 3, b: 1, c: 1 }],
    ['weights as text', 'queues:\n- - a\n  - "2"', { a: 2 }],
  ] as const) {
    test(`lists queues: ${what}`, async () => assert.deepEqual((await configOf(text)).queues, queues))
  }

  test('has capsules, with the concurrency of the process where they name none', async () => {
    const text =
      'concurrency: 4\ncapsules:\n  single:\n    concurrency: 1\n    queues: [serial]\n  more:\n    queues: ["x,2", z]\n  default:\n    queues: [main]\n'
    assert.deepEqual(await configOf(text), {
      concurrency: 4,
      queues: ['main'],
      capsules: {
        single: { queues: ['serial'], concurrency: 1 },
        more: { queues: { x: 2, z: 1 }, concurrency: 4 },
      },
    })
  })

  test('has sections: that of the environment counts over the top level, the others not at all', async () => {
    const text =
      'concurrency: 5\ntimeout: 8\nproduction: &p\n  :concurrency: 20\nstaging:\n  <<: *p\n  :queues: [s]\n'
    assert.equal((await configOf(text)).concurrency, 5)
    assert.deepEqual(await configOf(text, { RAILS_ENV: 'production' }), { concurrency: 20, timeout: 8_000 })
    const staging = { RACK_ENV: 'production', RAILS_ENV: 'production', APP_ENV: 'staging' }
    assert.deepEqual(await configOf(text, staging), { concurrency: 20, timeout: 8_000, queues: ['s'] })
    assert.deepEqual((await read(text)).notes, [])
  })

  test('leaves the concurrency to RAILS_MAX_THREADS when it names none', async () => {
    assert.deepEqual(await configOf('timeout: 8', { RAILS_MAX_THREADS: '7' }), {
      timeout: 8_000,
      concurrency: 7,
    })
    assert.equal((await configOf('concurrency: 3', { RAILS_MAX_THREADS: '7' })).concurrency, 3)
  })

  test('may be empty', async () => assert.deepEqual(await configOf('---\n'), {}))

  test('tells where each value stands', async () => {
    const text = '# ours\n:concurrency: 5\n:queues: [a]\nproduction:\n  timeout: 8\n'
    assert.deepEqual((await read(text, { RAILS_ENV: 'production' })).origins, {
      concurrency: 'config/sidekiq.yml:2',
      queues: 'config/sidekiq.yml:3',
      timeout: 'config/sidekiq.yml:4 (production)',
    })
  })

  test('names each key that changes nothing once, with what to do', async () => {
    const { notes, config } = await read(
      ':pidfile: x.pid\n:max_retries: 3\nconcurency: 9\nschedule: {a: {cron: x}}',
    )
    assert.deepEqual(config, {})
    assert.deepEqual(notes, [
      'config/sidekiq.yml:1: "pidfile" is not read: left to systemd',
      'config/sidekiq.yml:2: "max_retries" is not read: set retry in the jobs',
      'config/sidekiq.yml:3: "concurency" is not read: Sidekiq has no such key; did you mean "concurrency"?',
      'config/sidekiq.yml:4: "schedule" is not read: Sidekiq has no such key',
    ])
  })
})

const bomb = `a: &a [${'1,'.repeat(9)}1]\n${'bcdefghi'
  .split('')
  .map((name, index) => {
    const before = 'abcdefgh'[index]
    return `${name}: &${name} [${`*${before},`.repeat(9)}*${before}]`
  })
  .join('\n')}\n`

describe('a sidekiq.yml is refused', () => {
  for (const [what, text, code, message] of [
    [
      'with ERB, by its line',
      '# <% in a comment\na: 1\nb: <%= 1 %>',
      'config.broken',
      /sidekiq\.yml:3: .*ERB/,
    ],
    ['when it is no YAML', 'a: [1\nb: 2', 'config.broken', /sidekiq\.yml:\d: no plain YAML/],
    [
      'in words',
      'a: b: c',
      'config.broken',
      /sidekiq\.yml:1: no plain YAML: Nested mappings are not allowed/,
    ],
    ['with an object of Ruby', 'a: !ruby/object:Set {}', 'config.broken', /sidekiq\.yml:1: no plain YAML/],
    ['with a key twice', 'a: 1\na: 2', 'config.broken', /sidekiq\.yml:2/],
    ['as a list', '- a', 'config.broken', /expected keys/],
    ['with aliases out of hand', bomb, 'config.broken', /alias/],
    ['when it is huge', `# ${'x'.repeat(70_000)}`, 'config.broken', /larger than/],
    ['with a huge number', 'concurrency: 1e999', 'config.invalid', /:1: concurrency: expected a whole/],
    ['with digits without end', `timeout: ${'9'.repeat(99)}`, 'config.invalid', /:1: timeout/],
    ['with no slots', 'concurrency: 0', 'config.invalid', /:1: concurrency/],
    ['with a queue that is a map', 'queues: [{a: 1}]', 'config.invalid', /:1: queues: expected name/],
    ['with a queue that is a switch', 'queues: [on]', 'config.invalid', /queues: expected name/],
    ['with three parts', 'queues: [[a, 1, 2]]', 'config.invalid', /queues: expected name/],
    ['with a negative weight', 'queues: ["a,-1"]', 'config.invalid', /queues: expected name/],
    ['with a queue twice', 'queues: [a, b, a]', 'config.invalid', /queue a is listed twice/],
    ['with capsules in a list', 'capsules: [a]', 'config.invalid', /:1: capsules/],
  ] as const) {
    test(what, () => assert.rejects(read(text), { code, message }))
  }
})
