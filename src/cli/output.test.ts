import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXIT, newOutput, paint, printable, writeJson } from './output.ts'

function fakeOutput(colour = false) {
  const written: string[] = []
  const noted: string[] = []
  const out = newOutput({
    tty: colour,
    colour,
    columns: 80,
    writeOut: (text) => written.push(text),
    writeError: (text) => noted.push(text),
    ask: null,
  })
  return { out, written, noted }
}

test('printable text cannot move the cursor, colour the screen, reverse the writing or break its line', () => {
  assert.equal(printable('\x1b[31mred\x07\r\n\t\x7f\x9b2J'), '\\x1b[31mred\\x07\\r\\n\\t\\x7f\\x9b2J')
  assert.equal(printable('a\u202egnp.exe\u200b\u2028\ufeff'), 'a\\u202egnp.exe\\u200b\\u2028\\ufeff')
  assert.equal(printable('half \ud800 pair'), 'half \\ud800 pair')
  assert.equal(printable('Größe 名前 🎉 é'), 'Größe 名前 🎉 é')
})

test('a JSON document holds no character that a terminal obeys, and means what it meant', () => {
  const { out, written } = fakeOutput()
  const document = { text: 'a\x1b\x9b\x7f\u202e\u2028é' }
  writeJson(out, document)
  const text = written.join('')
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u2028\u202e]/u)
  assert.deepEqual(JSON.parse(text), document)
})

test('a problem is told on standard error: what happened, what was expected, what to do next', () => {
  const { out, written, noted } = fakeOutput()
  out.fail({
    what: 'no queue "\x1b"',
    expected: 'one of mail',
    next: 'did you mean "mail"?',
    exitCode: EXIT.usage,
  })
  assert.deepEqual(written, [])
  assert.deepEqual(noted, [
    'error: no queue "\\x1b"\n',
    '  expected: one of mail\n',
    '  next: did you mean "mail"?\n',
  ])
  assert.equal(out.exitCode, 2)
})

test('as JSON a problem has its code and always its exit code; people read the code behind the words', () => {
  const { out, noted } = fakeOutput()
  const problem = { what: 'away', code: 'store.not_stored' }
  out.fail(problem)
  out.json = true
  out.fail(problem)
  assert.equal(noted[0], 'error: away (store.not_stored)\n')
  assert.deepEqual(JSON.parse(noted[1]!), { error: { ...problem, exitCode: 1 } })
})

test('colours are written only where they are shown', () => {
  assert.equal(paint(fakeOutput(false).out, 'red', 'x'), 'x')
  assert.equal(paint(fakeOutput(true).out, 'red', 'x'), '\x1b[31mx\x1b[0m')
})

test('where nobody sits, a question has no answer', async () => {
  assert.equal(await fakeOutput().out.ask('Sure? '), null)
})
