import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseUnit } from './parse-unit.ts'
import { listOf, settingOf } from './unit.ts'
import { quoteArgument, quoteWord, splitWords } from './unit-words.ts'

describe('a unit file', () => {
  test('is read with its lines; comments stand only at the beginning of a line', () => {
    const { unit, findings } = parseUnit('# one\n[Service]\n; two\n Type = notify # three \n')
    assert.deepEqual(findings, [])
    assert.deepEqual(unit.sections, [
      { name: 'Service', entries: [{ name: 'Type', value: 'notify # three', line: 4 }] },
    ])
  })

  test('continues a line behind a backslash, past comments, until a line without one', () => {
    const { unit } = parseUnit('[Service]\nExecStart=/bin/a \\\n# not this\n  b \\\n\nType=exec\n')
    assert.equal(settingOf(unit, 'Service', 'ExecStart')?.replace(/\s+/g, ' '), '/bin/a b')
    assert.equal(settingOf(unit, 'Service', 'Type'), 'exec')
  })

  test('does not continue a line behind an escaped backslash', () => {
    const { unit } = parseUnit('[Service]\nExecStart=/bin/a \\\\\nType=exec')
    assert.equal(settingOf(unit, 'Service', 'Type'), 'exec')
  })

  test('collects what is repeated, over several sections of a name, and starts anew at an empty value', () => {
    const { unit } = parseUnit(
      '[Service]\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\n[Service]\nEnvironment=C=3',
    )
    assert.deepEqual(
      listOf(unit, 'Service', 'Environment').map(({ value }) => value),
      ['B=2', 'C=3'],
    )
    assert.equal(settingOf(parseUnit('[Service]\nUser=a\nUser=').unit, 'Service', 'User'), null)
  })

  test('has its broken lines named: they are ignored by systemd', () => {
    const { findings } = parseUnit('Type=notify\n[Service]\nRestart always\n')
    assert.deepEqual(
      findings.map(({ line, severity }) => [line, severity]),
      [
        [1, 'error'],
        [3, 'error'],
      ],
    )
  })

  test('is no unit file without a section, which is said once', () => {
    const { unit, findings } = parseUnit('set :application, "shop"\nA=b\nrole :app\n')
    assert.deepEqual(unit.sections, [])
    assert.deepEqual(
      findings.map(({ line, what }) => [line, what]),
      [[null, 'this is no unit file: it has no [Section]']],
    )
    assert.deepEqual(parseUnit('').findings, [])
  })

  test('may have the line ends of Windows and a byte order mark', () => {
    const { unit } = parseUnit('\ufeff[Service]\r\nType=notify\r\n')
    assert.equal(settingOf(unit, 'Service', 'Type'), 'notify')
  })
})

describe('words', () => {
  for (const [value, words] of [
    ['/bin/sh -c "a b" \'c d\'', ['/bin/sh', '-c', 'a b', 'c d']],
    ['a\\x20b \\s', ['a b', ' ']],
    ['A="x y"', ['A=x y']],
    ['"a \\" b"', ['a " b']],
    ['', []],
    ['"open', null],
    ['"a"b', ['ab']],
  ] as const) {
    test(`${JSON.stringify(value)} is split as systemd does`, () =>
      assert.deepEqual(splitWords(value), words))
  }

  test('any text comes back from its quotes', () => {
    for (const text of ['', 'a', 'a b', '"', "'", '\\', 'a\\nb', ';', 'a;b', ' ', '\\"', 'ä €'])
      assert.deepEqual(splitWords(quoteWord(text)), [text])
  })

  test('a dollar is doubled in arguments alone', () => {
    assert.equal(quoteArgument('a$b'), 'a$$b')
    assert.equal(quoteWord('a$b'), 'a$b')
  })
})
