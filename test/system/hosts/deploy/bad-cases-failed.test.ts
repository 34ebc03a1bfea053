import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../eventually.ts'
import type { Host } from '../host.ts'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { DEPLOY_TO, DeployScene, type Spoken } from './deploy-scene.ts'
import { addHolds, failAt, heldAt, letGo, listing } from './fault.ts'

const LIMIT = { timeout: 120_000 }
const LIMIT_MS = 60_000

/** A job file that keeps workers of one host from starting. */
const BROKEN = `
import { hostname } from 'node:os'
if (hostname() === 'web-2') throw new Error('broken here')
`

describe('a deploy that fails', { skip: WITHOUT_HOSTS, timeout: 600_000 }, () => {
  let scene: DeployScene
  let live: string
  before(async () => {
    scene = await DeployScene.open()
    await addHolds(scene)
    live = await scene.firstDeploy()
  })
  after(() => scene[Symbol.asyncDispose]())

  const broken = () => join(scene.folder, 'jobs/broken.ts')
  const onEachHost = async (look: (host: Host) => Promise<void>) => {
    await Promise.all(scene.hosts.map(look))
  }
  const newest = async (host: Host) => (await host.output(`ls ${DEPLOY_TO}/releases`)).split('\n').at(-1)!
  const notedAt = (host: Host) => host.run(['cat', `${DEPLOY_TO}/.capstan/deploy.json`])
  const isBad = () =>
    onEachHost(async (host) => {
      const release = await newest(host)
      assert.ok(release > live)
      assert.equal(await scene.stateOf(release, host), 'bad')
      assert.equal((await notedAt(host)).code, 1, 'nothing is noted as unfinished')
    })
  const stillLive = () =>
    onEachHost(async (host) => {
      assert.equal(await scene.current(host), live)
      const [worker] = await scene.worksIn(host, live)
      assert.equal(worker?.enabled, true)
    })
  const saidWhy = (answer: Spoken, code: number, ...words: RegExp[]) => {
    assert.equal(answer.code, code, answer.stderr)
    for (const expected of words) assert.match(answer.stderr, expected)
  }

  test(
    'because the build fails on one host changes nothing on either, says which, and marks the release as bad on both',
    LIMIT,
    async () => {
      const before = await Promise.all(scene.hosts.map((host) => scene.instances(host)))
      const build = 'build=["test $(hostname) = web-1 || { echo no compiler here >&2; exit 4; }"]'
      const answer = await scene.capstan('deploy', 'production', '--set', build)
      saidWhy(answer, 5, /prepare failed: web-2: test .*: exit code 4, expected 0\n {2}no compiler here/)
      saidWhy(answer, 5, /nothing that existed was changed/, /taking back: web-1: note that \d{14} failed/)
      assert.doesNotMatch(answer.stderr, /web-1: .*exit code/)
      assert.deepEqual(await Promise.all(scene.hosts.map((host) => scene.instances(host))), before)
      saidWhy(
        answer,
        5,
        /^old workers that were told to end: none\njobs, as far as .* \d+ taken, .*\nerror: prepare/m,
      )
      await isBad()
      await stillLive()
    },
  )

  test(
    'because a hook throws is taken back; a hook that hears of it and throws, too, is no reason for more',
    LIMIT,
    async () => {
      const answer = await failAt(scene, 'verify')
      saidWhy(answer, 6, /verify failed: no toner before verify/, /what was changed was taken back/)
      saidWhy(answer, 6, /hook failed {2}the chat does not answer/)
      await isBad()
      await stillLive()
    },
  )

  test('tells in JSON, too, which workers it has told to end, and what became of jobs', LIMIT, async () => {
    const told = async (moment: string) => {
      const answer = await scene.capstan(
        ...['deploy', 'production', '--json', '--set', `hooks.after:${moment}=["false"]`],
      )
      const { what, ledger } = JSON.parse(answer.stderr).error
      assert.match(what, new RegExp(`^${moment} failed`))
      assert.deepEqual([ledger.handedBack, ledger.recovered, typeof ledger.taken], [0, 0, 'number'])
      assert.equal(ledger.longestGapMs, null)
      await stillLive()
      return ledger.gaps
    }
    assert.deepEqual(await told('start'), [])
    const unknown = { service: 'worker', gapMs: null, aheadMs: null }
    assert.deepEqual(await told('cutover'), [
      { host: 'web-1', ...unknown },
      { host: 'web-2', ...unknown },
    ])
  })

  test('because a command of a hook fails on one host is taken back on both', LIMIT, async () => {
    const answer = await scene.capstan(
      ...['deploy', 'production', '--set', 'hooks.after:publish=["test $(hostname) = web-1"]'],
    )
    saidWhy(answer, 6, /publish failed: web-2: test .*: exit code 1/, /what was changed was taken back/)
    await isBad()
    await stillLive()
  })

  test('on the second host of a batch of one is taken back on the first', LIMIT, async () => {
    await writeFile(broken(), BROKEN)
    const answer = await replacing('batch=1')
    saidWhy(answer, 6, /cutover failed: web-2: /, /broken here/, /what was changed was taken back/)
    await isBad()
    await stillLive()
  })

  test(
    'on the second host of a batch of one stays on the first when it is to stop there',
    LIMIT,
    async () => {
      const answer = await replacing('batch=1', 'onFailure=stop')
      saidWhy(answer, 7, /cutover failed: web-2: /, /hosts may differ/)
      saidWhy(answer, 7, /^old workers that were told to end: web-1 worker, web-2 worker$/m)
      const [first, second] = scene.hosts as [Host, Host]
      const release = (await scene.current(first))!
      assert.ok(release > live)
      await scene.worksIn(first, release)
      assert.equal((await notedAt(second)).code, 1, 'nothing is noted as unfinished')
      await rm(broken())
      live = await scene.deploy()
      await stillLive()
    },
  )

  const replacing = (...set: string[]) =>
    scene.capstan(
      ...['deploy', 'production'],
      ...['services.worker.cutover=replace', ...set].flatMap((word) => ['--set', word]),
    )

  test('because it was interrupted once is taken back, and ends with 130', LIMIT, async () => {
    const deploying = await heldAt(scene, 'verify')
    deploying.child.kill('SIGINT')
    await deploying.says(/interrupted: taking back what was done; once more stops at once/)
    await letGo(scene)
    saidWhy(
      await deploying.ended,
      130,
      /verify failed: interrupted by the operator/,
      /the old release is live/,
    )
    await isBad()
    await stillLive()
  })

  test('because it was interrupted in a build ends the build on the hosts', LIMIT, async () => {
    const deploying = scene.start('deploy', 'production', '--set', 'build=["echo begun; exec sleep 987"]')
    await deploying.says(/web-1 \| begun\n(.*\n)*.*web-2 \| begun|web-2 \| begun\n(.*\n)*.*web-1 \| begun/)
    deploying.child.kill('SIGINT')
    saidWhy(await deploying.ended, 130, /nothing that existed was changed/)
    await onEachHost(async (host) => assert.equal((await host.run('pgrep -f "[s]leep 987"')).code, 1))
    await isBad()
    await stillLive()
  })

  test(
    'because it was interrupted while a stage is to stop where it is says so, and leaves no note',
    LIMIT,
    async () => {
      const deploying = await heldAt(scene, 'cutover', '--set', 'onFailure=stop')
      deploying.child.kill('SIGINT')
      await deploying.says(/once more stops at once/)
      await letGo(scene)
      saidWhy(await deploying.ended, 7, /cutover failed: interrupted/)
      await onEachHost(async (host) => assert.equal((await notedAt(host)).code, 1))
      live = await scene.deploy()
      await stillLive()
    },
  )

  test('because it was interrupted twice ends at once and says how to go on', LIMIT, async () => {
    const deploying = await heldAt(scene, 'publish')
    deploying.child.kill('SIGINT')
    await deploying.says(/once more stops at once/)
    deploying.child.kill('SIGINT')
    saidWhy(await deploying.ended, 130, /stopped at once: hosts may differ; capstan status STAGE/)
    await letGo(scene)
    live = await scene.deploy()
    await stillLive()
  })

  test(
    'never began while another one is at work: it ends at once and says who that is, since when',
    LIMIT,
    async () => {
      const deploying = await heldAt(scene, 'start')
      const before = await Promise.all(scene.hosts.map((host) => listing(host)))
      const began = Date.now()
      const answer = await scene.capstan('deploy', 'production')
      const since = /web-1: another deploy is at work: tester, deploy, since (\S+Z);/
      saidWhy(answer, 4, since)
      const ago = began - Date.parse(since.exec(answer.stderr)![1]!)
      assert.ok(ago > 0 && ago < LIMIT_MS, `${ago} ms ago`)
      assert.deepEqual(await Promise.all(scene.hosts.map((host) => listing(host))), before)
      await letGo(scene)
      assert.equal((await deploying.ended).code, 0)
      live = (await scene.current())!
      await stillLive()
    },
  )

  test(
    'never began while the stage is closed: it says by whom and why, until somebody opens it',
    LIMIT,
    async () => {
      await scene.must('lock', 'production', '--message', 'the database "moves"')
      const before = await Promise.all(scene.hosts.map((host) => listing(host)))
      for (const verb of ['deploy', 'rollback'])
        saidWhy(
          await scene.capstan(verb, 'production'),
          4,
          /web-1: closed by tester since \S+ \S+ UTC: the database "moves"/,
          /web-2: .*moves/,
        )
      assert.deepEqual(await Promise.all(scene.hosts.map((host) => listing(host))), before)
      await scene.must('unlock', 'production')
      live = await scene.deploy()
      await stillLive()
    },
  )

  test('because its host reboots is put right by the next one', LIMIT, async () => {
    const deploying = await heldAt(scene, 'cutover')
    await scene.hosts[1]!.reboot()
    await letGo(scene)
    const answer = await deploying.ended
    saidWhy(answer, 7, /cutover failed: web-2: .*the line was lost/, /hosts may differ.*:\n(.*\n)*.*web-2: /)
    assert.equal(await scene.current(), live)
    await scene.worksIn(scene.host, live)
    const later = await scene.capstan('deploy', 'production')
    saidWhy(later, 0, /web-2 {2}an earlier run did not end/)
    live = (await scene.current())!
    await stillLive()
    await eventually('nothing is noted', LIMIT_MS, async () => (await notedAt(scene.hosts[1]!)).code === 1)
  })
})
