import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newOutput } from '../output.ts'
import { type Column, cut, writeTable } from './table.ts'

type Row = readonly [string, string, string]
const COLUMNS: readonly Column<Row>[] = [
  { head: 'JID', cell: ([jid]) => jid },
  { head: 'ARGS', flexible: true, cell: ([, args]) => args },
  { head: 'SIZE', right: true, cell: ([, , size]) => size },
]

function linesOf(rows: readonly Row[], columns = Number.POSITIVE_INFINITY): string[] {
  const lines: string[] = []
  const writeOut = (text: string) => lines.push(text.slice(0, -1))
  const out = newOutput({ tty: true, colour: false, columns, writeOut, writeError: writeOut, ask: null })
  writeTable(out, COLUMNS, rows)
  return lines
}

test('columns are aligned, numbers at the right, wide letters counted twice', () => {
  assert.deepEqual(
    linesOf([
      ['a', '名前', '1'],
      ['bbbb', 'xyz', '1,000'],
    ]),
    ['JID   ARGS   SIZE', 'a     名前      1', 'bbbb  xyz   1,000'],
  )
})

test('on a narrow screen only flexible columns are cut, never a jid', () => {
  const lines = linesOf([['3b7c032b9502a04a278849d5', 'x'.repeat(100), '7']], 50)
  assert.equal(lines[1], `3b7c032b9502a04a278849d5  ${'x'.repeat(17)}…     7`)
  assert.equal(lines[1]!.length, 50)
})

test('a cell is one line and does not obey what it holds', () => {
  assert.equal(linesOf([['a\nb', '\x1b[2J', '']])[1], 'a\\nb  \\x1b[2J')
})

test('a text is cut before the letter that does not fit', () => {
  assert.equal(cut('名前名前', 5), '名前…')
  assert.equal(cut('short', 5), 'short')
})
