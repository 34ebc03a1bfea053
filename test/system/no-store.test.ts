import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Scene } from './scene.ts'

const DEADLINE = { timeout: 60_000 }
const LOOKS = ['stats', 'queues', 'jobs', 'workers', 'pause mail --force', 'retry abc', 'recover']

test(
  'who only looks at jobs makes no store, and is told what would; an enqueue makes one',
  DEADLINE,
  async (t) => {
    const scene = await Scene.open('sqlite')
    t.after(() => scene.close())
    const path = `${scene.directory}/never-made/jobs.db`
    scene.environment.DATABASE = path
    for (const look of LOOKS) {
      const { code, stderr } = await scene.capstan(...look.split(' '), '--json')
      const { error } = JSON.parse(stderr)
      assert.deepEqual([code, error.code], [2, 'store.missing'], look)
      assert.ok(error.what.includes(`expected the SQLite file ${path}, which "capstan work"`), error.what)
      assert.match(error.what, /or set "store" in it$/)
    }
    assert.equal(existsSync(path), false)
    assert.equal((await scene.capstan('enqueue', 'Noted', '"diary"', '"x"')).code, 0)
    assert.equal(existsSync(path), true)
    assert.equal((await scene.capstan('stats')).code, 0)
  },
)

test('a worker without jobs makes no store', DEADLINE, async (t) => {
  const scene = await Scene.open('sqlite')
  t.after(() => scene.close())
  const config = join(scene.directory, 'jobless.config.ts')
  writeFileSync(config, "export default { store: { sqlite: 'never-made/jobs.db' } }\n")
  const { code, stderr } = await scene.capstan('work', '--config', config)
  assert.equal(code, 2, stderr)
  assert.match(stderr, /matches no file/)
  assert.equal(existsSync(join(scene.directory, 'never-made')), false)
})
