import assert from 'node:assert/strict'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { DeployScene } from './deploy/deploy-scene.ts'
import { WITHOUT_HOSTS } from './without-hosts.ts'

const DRAIN_MS = 2_000

/** Which settings of the worker a deploy has. */
const worker = (changes: object) =>
  `services=${JSON.stringify({ worker: { type: 'worker', timeout: '3s', ...changes } })}`

describe('the ledger of a deploy', { skip: WITHOUT_HOSTS }, () => {
  let scene: DeployScene
  before(async () => {
    scene = await DeployScene.open({ hosts: 1 })
    await writeHooks(scene)
    await scene.must('setup', 'production', '--set', worker({}))
  })
  after(() => scene[Symbol.asyncDispose]())

  const deploy = async (changes: object) => {
    const { stdout } = await scene.must('deploy', 'production', '--json', '--set', worker(changes))
    return JSON.parse(stdout).ledger
  }

  test('of a first deploy says that nothing was there before', async () => {
    const ledger = await deploy({})
    assert.deepEqual([ledger.taken, ledger.running, ledger.gaps, ledger.longestGapMs], [null, 0, [], null])
    assert.deepEqual(ledger.unknown, ['jobs before the deploy: web-1: no worker ran'])
  })

  test('has no gap when the new worker is ready before the old one ends, and counts the job that goes on', async () => {
    await scene.enqueue('long', 60_000)
    await scene.noted('began long')
    const ledger = await deploy({})
    assert.equal(ledger.longestGapMs, 0)
    assert.ok(ledger.gaps[0].aheadMs >= 1_000, 'it was ready for the soak time at least')
    assert.deepEqual([ledger.running, ledger.draining, ledger.recovered], [1, 1, 0])
    assert.deepEqual(ledger.unknown, [])
  })

  test('measures the gap of a replacement, and counts what was handed back', async () => {
    await scene.worksIn(scene.host, (await scene.current())!)
    const ledger = await deploy({ cutover: 'replace', drain: `${DRAIN_MS}ms` })
    assert.ok(ledger.longestGapMs >= DRAIN_MS, `a gap of ${ledger.longestGapMs} ms is shorter than the drain`)
    assert.equal(ledger.gaps[0].aheadMs, null)
    assert.deepEqual([ledger.handedBack, ledger.running, ledger.draining], [1, 1, 0])
    const { stdout } = await scene.must('deploy', 'production', '--set', worker({}))
    assert.match(stdout, /^jobs, as far as workers have reported: \d+ taken, \d+ finished, 0 failed, /m)
    assert.match(stdout, /^longest time without a worker: none \(web-1 worker: the new one was ready \d/m)
  })

  test('does not know what only another user may see', async () => {
    await scene.host.addUser('app')
    await scene.must('setup', 'production', '--set', worker({ user: 'app' }))
    await deploy({ user: 'app' })
    const ledger = await deploy({ user: 'app' })
    assert.deepEqual([ledger.taken, ledger.finished, ledger.handedBack], [null, null, null])
    assert.equal(ledger.longestGapMs, 0)
    assert.match(ledger.unknown.join('\n'), /jobs after the deploy: web-1: only app may read the environment/)
    assert.match(ledger.unknown.join('\n'), /may not read the journal \(group systemd-journal\)/)
    await scene.must('setup', 'production', '--set', worker({}))
  })

  test('comes after the hooks, which are told who, what, how long, and why it failed', async () => {
    await scene.must('deploy', 'production', '--set', worker({}))
    const { code } = await scene.capstan('deploy', 'production', '--set', 'build=["exit 9"]')
    assert.equal(code, 5)
    const told = (await readFile(join(scene.folder, '../told'), 'utf8')).trim().split('\n')
    const [finished, failed] = told.slice(-2).map((line) => JSON.parse(line))
    assert.equal(finished.release, await scene.current())
    for (const context of [finished, failed]) {
      assert.deepEqual([context.kind, context.stage, context.by], ['deploy', 'production', 'tester'])
      assert.deepEqual(context.hosts, ['web-1'])
      assert.ok(context.revision !== '' && context.seconds >= 0)
    }
    assert.deepEqual([finished.phase, finished.reason], ['finish', null])
    assert.equal(failed.phase, 'prepare')
    assert.match(failed.reason, /exit code 9|exit 9/)
  })
})

/** Hooks are functions, which a configuration of plain data cannot have. */
async function writeHooks({ folder }: DeployScene): Promise<void> {
  const config = join(folder, 'capstan.config.ts')
  await rename(config, join(folder, 'plain.ts'))
  await writeFile(
    config,
    `import { appendFileSync } from 'node:fs'
import plain from './plain.ts'
const tell = (context: object) => appendFileSync('../told', JSON.stringify(context) + '\\n')
const hooks = { 'after:finish': [tell], failed: [tell] }
export default { ...plain, deploy: { ...plain.deploy, hooks } }
`,
  )
}
