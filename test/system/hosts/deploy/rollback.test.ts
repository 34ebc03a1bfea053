import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { DEPLOY_TO, DeployScene } from './deploy-scene.ts'

const LIMIT = { timeout: 120_000 }
const SECOND_MS = 1_000

describe('a rollback', { skip: WITHOUT_HOSTS, timeout: 3 * LIMIT.timeout }, () => {
  let scene: DeployScene
  const releases: string[] = []
  before(async () => {
    scene = await DeployScene.open()
    releases.push(await scene.firstDeploy())
  })
  after(() => scene[Symbol.asyncDispose]())

  const rollback = async (...words: string[]) => {
    const { stdout } = await scene.must('rollback', 'production', ...words)
    return /\d{14}/.exec(stdout)![0]
  }

  test('is refused when there is nothing to return to', LIMIT, async () => {
    const { code, stderr } = await scene.capstan('rollback', 'production')
    assert.equal(code, 3, stderr)
    assert.match(stderr, /no older release is good on every host/)
  })

  test('can be looked at before: which release it would be, and what would be done', LIMIT, async () => {
    releases.push(await scene.deploy('--set', 'environment.GREETING=two'))
    const [first, second] = releases as [string, string]
    const { stdout } = await scene.must('rollback', 'production', '-n')
    assert.match(stdout, new RegExp(`^web-1  start +worker: start 1 × shop-worker@${first}-`, 'm'))
    assert.match(stdout, new RegExp(`^web-1  publish +current: ${second} → ${first}$`, 'm'))
    assert.match(stdout, /nothing was changed\n$/)
    assert.doesNotMatch(stdout, /prepare|migrate|finish/)
    for (const host of scene.hosts) assert.equal(await scene.current(host), second)
    const { code, stderr } = await scene.capstan('rollback', 'production', '-n', '--to', '20000101000000')
    assert.equal(code, 2, stderr)
  })

  test('returns all hosts to the release before, and marks the one that was left as bad', LIMIT, async () => {
    const [first, second] = releases as [string, string]
    const revision = await scene.host.read(`${DEPLOY_TO}/current/REVISION`)
    assert.equal(await rollback(), first)
    for (const host of scene.hosts) {
      assert.equal(await scene.current(host), first)
      await scene.worksIn(host, first)
      assert.equal(await scene.stateOf(second, host), 'bad')
      assert.equal(await scene.stateOf(first, host), 'good')
      const manifest = JSON.parse(await host.read(`${DEPLOY_TO}/.capstan/releases/${second}.json`))
      assert.equal(manifest.revision, revision.trim())
      const log = (await host.read(`${DEPLOY_TO}/revisions.log`)).trim().split('\n')
      assert.equal(log.at(-1), `tester rolled back to release ${first}`)
    }
    await scene.enqueue('returned', 10)
    assert.equal((await scene.noted('ended returned')).release, first)
  })

  test('has its workers find the environment of their own release', LIMIT, async () => {
    const [worker] = await scene.instances()
    const environment = await scene.host.output(`tr '\\0' '\\n' < /proc/${worker?.pid}/environ`)
    assert.match(environment, /^NODE_OPTIONS=/m)
    assert.doesNotMatch(environment, /^GREETING=/m)
  })

  test('never returns to a release that was left as bad', LIMIT, async () => {
    releases.push(await scene.deploy())
    assert.equal(await rollback(), releases[0])
    const { code, stderr } = await scene.capstan('rollback', 'production', '--to', releases[1]!)
    assert.equal(code, 2, stderr)
    assert.match(stderr, /cannot be returned to/)
  })

  test('returns to the release that is named', LIMIT, async () => {
    releases.push(await scene.deploy(), await scene.deploy())
    assert.equal(await rollback('--to', releases.at(-2)!), releases.at(-2))
    for (const host of scene.hosts) assert.equal(await scene.current(host), releases.at(-2))
  })

  test('does not wait for the workers of that release that still drain', LIMIT, async () => {
    const [release] = [(await scene.current())!]
    // As many as both hosts together can run, so that both drain.
    await Promise.all(
      Array.from({ length: 12 }, (_, index) => scene.enqueue(`long-${index}`, 30 * SECOND_MS)),
    )
    await scene.noted('began long-11')
    await scene.deploy()
    const { ms } = await scene.must('rollback', 'production')
    assert.ok(ms < 20 * SECOND_MS, `${ms} ms`)
    const names = (await scene.instances())
      .filter(({ active }) => active === 'active')
      .map(({ unit }) => unit)
    assert.deepEqual(names, [`shop-worker@${release}-2.service`])
    for (let index = 0; index < 12; index += 1) await scene.noted(`ended long-${index}`)
    const begun = (await scene.diary()).filter(({ what, job }) => what === 'began' && job.startsWith('long-'))
    assert.equal(begun.length, 12)
  })
})
