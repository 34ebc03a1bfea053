import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ended } from '../command.ts'
import { eventually } from '../eventually.ts'
import type { Host } from '../host.ts'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { DEPLOY_TO, DeployScene, type Spoken } from './deploy-scene.ts'
import { addHolds, heldAt, letGo, listing } from './fault.ts'

const LIMIT = { timeout: 120_000 }
/** Above the half minute after which a host takes the controller for dead. */
const LIMIT_MS = 90_000

describe('a host that is lost', { skip: WITHOUT_HOSTS, timeout: 600_000 }, () => {
  let scene: DeployScene
  let first: Host
  let second: Host
  let live: string
  before(async () => {
    scene = await DeployScene.open()
    ;[first, second] = scene.hosts as [Host, Host]
    await addHolds(scene)
    live = await scene.firstDeploy()
  })
  after(() => scene[Symbol.asyncDispose]())

  /** An ssh that notices after two seconds that nobody answers. */
  const impatient = () => {
    const options = ['ConnectTimeout=2', 'ServerAliveInterval=1', 'ServerAliveCountMax=2']
    const config = join(dirname(scene.folder), 'ssh-config')
    return `ssh=${JSON.stringify(['-F', config, ...options.flatMap((option) => ['-o', option])])}`
  }
  const saidWhy = (answer: Spoken, code: number, ...words: RegExp[]) => {
    assert.equal(answer.code, code, answer.stderr)
    for (const expected of words) assert.match(answer.stderr, expected)
  }
  const isLive = async (host: Host) => {
    assert.equal(await scene.current(host), live)
    const [worker] = await scene.worksIn(host, live)
    assert.equal(worker?.enabled, true)
    assert.match(await host.output(`systemctl show --value -p StatusText ${worker?.unit}`), /^\d+\/\d+ busy/)
  }
  const nextIsRight = async () => {
    live = await scene.deploy()
    for (const host of scene.hosts) {
      await isLive(host)
      assert.equal(await scene.stateOf(live, host), 'good')
      assert.equal((await host.run(`ls ${DEPLOY_TO}/.capstan/deploy.json`)).code, 2)
    }
  }

  test(
    'before a deploy because nothing listens there is named, and nothing is changed on the others',
    LIMIT,
    async () => {
      await second.output('systemctl stop ssh.socket ssh.service')
      const before = await listing(first)
      const answer = await scene.capstan('deploy', 'production')
      saidWhy(answer, 3, /web-2: cannot be reached: nothing listens on that port/)
      saidWhy(answer, 3, /next: nothing was changed; try ssh .*deploy@web-2, then capstan doctor production/)
      assert.doesNotMatch(answer.stderr, /web-1/)
      assert.equal(await listing(first), before)
      await second.output('systemctl start ssh.service')
    },
  )

  test(
    'before a deploy because its line is cut is named, and nothing is changed on the others',
    LIMIT,
    async () => {
      await second.cutLine()
      const before = await listing(first)
      const answer = await scene.capstan('deploy', 'production', '--set', impatient())
      saidWhy(answer, 3, /web-2: cannot be reached: no answer; is the host up/)
      assert.equal(await listing(first), before)
      await second.restoreLine()
    },
  )

  for (const phase of ['start', 'publish', 'finish']) {
    test(
      `before ${phase} because its ssh dies is named, the others return, and the next deploy is right`,
      LIMIT,
      async () => {
        const deploying = await heldAt(scene, phase)
        const ssh = await eventually('an ssh to web-2', LIMIT_MS, async () => {
          const { stdout } = await ended(['pgrep', '-P', String(deploying.child.pid), '-f', '^ssh .* web-2 '])
          return stdout.trim()
        })
        process.kill(Number(ssh), 'SIGKILL')
        await letGo(scene)
        saidWhy(
          await deploying.ended,
          7,
          new RegExp(`${phase} failed: web-2: .*the line was lost`),
          /hosts may differ; what could not be taken back:\n(.*\n)* {4}web-2: /,
        )
        assert.equal(await scene.current(first), live)
        await isLive(first)
        await nextIsRight()
      },
    )
  }

  test(
    'during a build is named; it ends the build when it has heard nothing for half a minute, and frees the lock',
    LIMIT,
    async () => {
      const build = 'build=["echo begun; test $(hostname) = web-1 || exec sleep 987"]'
      const deploying = scene.start('deploy', 'production', '--set', impatient(), '--set', build)
      await deploying.says(/web-2 \| begun/)
      await second.cutLine()
      saidWhy(
        await deploying.ended,
        5,
        /prepare failed: web-2: .*the line was lost/,
        /nothing that existed was changed.*\n(.*\n)*.*web-2/,
      )
      await isLive(first)
      assert.equal((await second.run('pgrep -f "[s]leep 987"')).code, 0)
      await eventually(
        'the host has ended the build by itself',
        LIMIT_MS,
        async () => (await second.run('pgrep -f "[s]leep 987"')).code === 1,
      )
      await second.restoreLine()
      await isLive(second)
      await nextIsRight()
    },
  )

  test('while its worker drains restarts that worker itself as soon as it knows', LIMIT, async () => {
    const [before] = await scene.worksIn(second, live)
    for (let number = 1; number <= 6; number += 1) await scene.enqueue(`long-${number}`, 12_000)
    await scene.noted('began long-6')
    const set = [impatient(), 'services.worker.cutover=replace'].flatMap((word) => ['--set', word])
    const deploying = scene.start('deploy', 'production', ...set)
    await deploying.says(/web-2 {2}worker: \d jobs? left/)
    await second.cutLine()
    saidWhy(await deploying.ended, 7, /cutover failed: web-2: .*the line was lost/, /hosts may differ/)
    await second.restoreLine()
    assert.equal(await scene.current(first), live)
    await eventually('the host has restarted its worker', LIMIT_MS, async () => {
      const states = await scene.instances(second)
      return states.some(({ active, invocation }) => active === 'active' && invocation !== before?.invocation)
    })
    await scene.worksIn(second, live)
    await nextIsRight()
  })
})
