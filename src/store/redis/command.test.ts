import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommandBatch } from './command.ts'

test('commands added one after the other are one chunk of text', () => {
  const batch = new CommandBatch()
  batch.add(['GET', 'é'])
  batch.add(['EXPIRE', 'a', 60])
  assert.deepEqual(batch.take(), [
    '*2\r\n$3\r\nGET\r\n$2\r\né\r\n*3\r\n$6\r\nEXPIRE\r\n$1\r\na\r\n$2\r\n60\r\n',
  ])
})

test('a Buffer keeps its bytes', () => {
  const batch = new CommandBatch()
  const bytes = Buffer.from([0xff, 0xfe])
  batch.add(['SET', bytes, 'x'])
  assert.deepEqual(batch.take(), ['*3\r\n$3\r\nSET\r\n$2\r\n', bytes, '\r\n$1\r\nx\r\n'])
})

test('what was taken is gone', () => {
  const batch = new CommandBatch()
  assert.equal(batch.isEmpty, true)
  batch.add(['PING'])
  assert.equal(batch.isEmpty, false)
  batch.take()
  assert.equal(batch.isEmpty, true)
  assert.deepEqual(batch.take(), [])
})
