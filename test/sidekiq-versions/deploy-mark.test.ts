import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { NEEDS_REDIS, Scene } from '../system/scene.ts'

describe('capstan mark-deploy', NEEDS_REDIS, () => {
  let scene: Scene
  before(async () => {
    scene = await Scene.open('redis')
  })
  after(() => scene?.close())

  test('makes one mark of what several hosts tell at once, where the charts of Sidekiq look for it', async () => {
    const host = () => scene.capstan('mark-deploy', 'a1b2c3d add invoices', '--json')
    const answers = await Promise.all([host(), host()])
    const marks = answers.map(({ stdout }) => JSON.parse(stdout).mark).toSorted()
    assert.deepEqual(marks, ['marked', 'repeated'])
    const [key, ...more] = (await scene.server.command('KEYS', '*-marks')).split('\n')
    assert.match(key!, /^\d{8}-marks$/)
    assert.deepEqual(more, [])
    const [minute, label] = (await scene.server.command('HGETALL', key!)).split('\n')
    assert.match(minute!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/)
    assert.equal(minute!.slice(0, 10).replaceAll('-', ''), key!.slice(0, 8))
    assert.equal(label, 'a1b2c3d add invoices')
  })
})
