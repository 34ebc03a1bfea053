import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UsageError } from '../kernel/errors.ts'
import { checkQueueName, definition } from './definition.ts'

const run = () => undefined
const define = (options: object) =>
  definition({ name: 'Mail', run, ...options } as Parameters<typeof definition>[0])

function refused(code: string, message: string | RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof UsageError)
    assert.equal(error.code, code)
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
    return true
  }
}

describe('definition', () => {
  test('fills in the defaults', () => {
    assert.deepEqual(define({}), {
      name: 'Mail',
      queue: 'default',
      retry: true,
      retryDelay: null,
      died: null,
      dead: true,
      timeoutMs: null,
      tags: [],
      backtrace: false,
      expiresInMs: null,
      isolate: null,
      schema: null,
      run,
    })
  })

  test('keeps what is given, durations in milliseconds', () => {
    const made = define({
      queue: 'media',
      retry: 5,
      dead: false,
      timeout: '2m',
      tags: ['a'],
      backtrace: 10,
      expiresIn: '1h',
      isolate: 'thread',
    })
    assert.deepEqual(
      [
        made.queue,
        made.retry,
        made.dead,
        made.timeoutMs,
        made.tags,
        made.backtrace,
        made.expiresInMs,
        made.isolate,
      ],
      ['media', 5, false, 120_000, ['a'], 10, 3_600_000, 'thread'],
    )
  })

  test('retry: 0 is a count, false is never, and an object has a limit and a delay', () => {
    const delay = () => '1m'
    const facts = (retry: unknown) => {
      const made = define({ retry })
      return [made.retry, made.retryDelay]
    }
    assert.deepEqual(facts(0), [0, null])
    assert.deepEqual(facts(false), [false, null])
    assert.deepEqual(facts({ delay }), [true, delay])
    assert.deepEqual(facts({ limit: 3, delay }), [3, delay])
  })

  test('an unknown option is refused with the one that may be meant', () => {
    assert.throws(
      () => define({ retrys: 5 }),
      refused('options.unknown', 'job Mail: unknown option "retrys"; did you mean "retry"?'),
    )
    assert.throws(
      () => define({ colour: 1 }),
      refused('options.unknown', /^job Mail: unknown option "colour"; known are name, queue, .*, died$/),
    )
  })

  for (const option of ['schedule', 'cron']) {
    test(`${option} is refused with what there is in its place`, () => {
      assert.throws(
        () => define({ [option]: '0 3 * * *' }),
        refused(
          'options.unknown',
          /: unknown option "(cron|schedule)"; .* systemd timer .*\.at\(\) and \.in\(\)/,
        ),
      )
    })
  }

  for (const [option, values, message] of [
    ['name', ['', 7, undefined], /: name: expected a non-empty string$/],
    ['run', [undefined, 'x'], /: run: expected a function$/],
    ['retry', [-1, 1.5, '5', null, { limit: -1, delay: run }], /: retry: expected a count or false$/],
    [
      'retry',
      [{ limit: 1, delay: 'soon' }, { limit: 1 }, {}],
      /: retry: expected a delay that is a function$/,
    ],
    ['dead', ['no', 0], /: dead: expected true or false$/],
    ['backtrace', ['all', -1, 1.5], /: backtrace: expected true, false or a count$/],
    ['isolate', ['process', true], /: isolate: expected 'thread'$/],
    ['tags', ['a', [1]], /: tags: expected strings$/],
    ['args', [{}, [], 'x'], /: args: expected a Standard Schema/],
    ['queue', ['', 'a b', 'a/b', 7, null], /: queue: expected a name of letters/],
  ] as const) {
    for (const value of values) {
      test(`${option}: ${JSON.stringify(value)} is refused`, () => {
        assert.throws(() => define({ [option]: value }), refused('options.invalid', message))
      })
    }
  }

  test('a duration that cannot be understood is refused by name', () => {
    assert.throws(() => define({ timeout: 'long' }), refused('options.duration', /^job Mail: timeout: /))
    assert.throws(() => define({ expiresIn: -1 }), refused('options.duration', /^job Mail: expiresIn: /))
  })
})

describe('checkQueueName', () => {
  test('letters, digits and _ . : - make a name', () => {
    for (const name of ['default', 'A.b_c-d:9']) checkQueueName(name, 'here')
    for (const name of ['', 'a b', 'ä', 'a\n', '{a}', 'a*', null, undefined]) {
      assert.throws(() => checkQueueName(name, 'here'), refused('options.invalid', /^here: expected a name/))
    }
  })
})
