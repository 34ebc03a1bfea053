import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { closedText, unfinishedText } from './notes.ts'

const note = {
  ...{ kind: 'rollback', release: '20261124103000', stage: 'production', phase: 'cutover' },
  ...{ by: 'ada', since: '2026-11-24T10:31:07.123Z' },
}

describe('a note of a host', () => {
  test('says of a run who began what, when, and how far it is', () => {
    assert.equal(
      unfinishedText(JSON.stringify(note)),
      'rollback to release 20261124103000 of production by ada, begun 2026-11-24 10:31 UTC, in the phase cutover',
    )
    assert.match(unfinishedText(JSON.stringify({ ...note, kind: 'deploy' })), /^deploy of release 2026\S+ to/)
  })

  test('says who closed a stage, when, and why', () => {
    const closed = { by: 'ada', since: '2026-11-24T10:31:07.123Z', message: 'moving' }
    assert.equal(closedText(JSON.stringify(closed)), 'closed by ada since 2026-11-24 10:31 UTC: moving')
  })

  test('is shown as it is when it is broken or lacks something', () => {
    for (const text of ['{"kind": "dep', '[]', JSON.stringify({ ...note, phase: undefined })])
      assert.equal(unfinishedText(text), text)
    assert.equal(closedText('{}'), 'closed: {}')
  })
})
