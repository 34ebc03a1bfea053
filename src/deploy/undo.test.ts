import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Undo } from './undo.ts'

test('what was done is taken back in the opposite order, once', async () => {
  const undo = new Undo()
  const done: string[] = []
  undo.add('one', async () => done.push('one'))
  undo.add('two', async () => done.push('two'))
  assert.deepEqual(await undo.run((what) => done.push(`say ${what}`)), [])
  assert.deepEqual(done, ['say two', 'two', 'say one', 'one'])
  await undo.run(() => assert.fail('a second time'))
})

test('what cannot be taken back is named, and the rest is taken back all the same', async () => {
  const undo = new Undo()
  const done: string[] = []
  undo.add('one', async () => done.push('one'))
  undo.add('two', () => Promise.reject(new Error('the host is gone')))
  assert.deepEqual(await undo.run(() => {}), ['two: the host is gone'])
  assert.deepEqual(done, ['one'])
})
