import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../eventually.ts'
import type { Host } from '../host.ts'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { DEPLOY_TO, DeployScene, type Running } from './deploy-scene.ts'
import { addHolds, heldAt, letGo } from './fault.ts'

const LIMIT = { timeout: 120_000 }
const LIMIT_MS = 60_000

/** With the phase that hosts then remember: each is noted by the first script that it runs there. */
const PHASES = [
  ['migrate', 'prepare'],
  ['start', 'prepare'],
  ['publish', 'start'],
  ['cutover', 'publish'],
  ['verify', 'cutover'],
  ['finish', 'verify'],
] as const

/** A job file: a worker is not ready as long as there is `shared/log/hold`. */
const SLOW_START = `
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
while (existsSync('log/hold')) await sleep(50)
`

describe('a controller that is killed', { skip: WITHOUT_HOSTS, timeout: 600_000 }, () => {
  let scene: DeployScene
  before(async () => {
    scene = await DeployScene.open()
    await addHolds(scene)
    await writeFile(join(scene.folder, 'jobs/slow-start.ts'), SLOW_START)
    await scene.firstDeploy()
  })
  after(() => scene[Symbol.asyncDispose]())

  const onEachHost = async (look: (host: Host) => Promise<void>) => {
    await Promise.all(scene.hosts.map(look))
  }

  const killed = async (deploying: Running) => {
    deploying.child.kill('SIGKILL')
    assert.equal((await deploying.ended).signal, 'SIGKILL')
    await letGo(scene)
  }

  /** Each active worker takes jobs, except those that systemd was told to end. */
  const noneIsDeaf = () =>
    onEachHost(async (host) => {
      await eventually(`${host.name} has a worker that hears, and none that does not`, LIMIT_MS, async () => {
        const states = (await scene.instances(host)).filter(({ active }) => active === 'active')
        const words = await Promise.all(
          states.map(({ unit }) => host.output(`systemctl show --value -p StatusText ${unit}`)),
        )
        return words.length > 0 && words.every((said) => /^\d+\/\d+ busy/.test(said))
      })
    })

  const unfinished = async () => {
    const { stdout } = await scene.must('status', 'production', '--json')
    return JSON.parse(stdout).hosts.map(
      ({ unfinished }: { unfinished: { phase: string } | null }) => unfinished?.phase ?? null,
    )
  }

  const allIsRight = async (release: string) => {
    assert.deepEqual(await unfinished(), [null, null])
    await onEachHost(async (host) => {
      assert.equal(await scene.current(host), release)
      await scene.worksIn(host, release)
      assert.equal(await scene.stateOf(release, host), 'good')
    })
  }

  test('before prepare leaves nothing at all', LIMIT, async () => {
    const names = () => scene.host.output(`ls ${DEPLOY_TO}/releases`)
    const before = await names()
    await killed(await heldAt(scene, 'prepare'))
    assert.equal(await names(), before)
    assert.deepEqual(await unfinished(), [null, null])
  })

  for (const [phase, noted] of PHASES) {
    test(
      `before ${phase} leaves no lock and no deaf worker, and the next deploy is right`,
      LIMIT,
      async () => {
        await killed(await heldAt(scene, phase))
        await noneIsDeaf()
        assert.deepEqual(await unfinished(), [noted, noted])
        const { code, stdout, stderr } = await scene.capstan('deploy', 'production')
        assert.equal(code, 0, stderr)
        assert.match(
          stderr,
          /web-1 {2}an earlier run did not end: deploy of release \d{14} to production by tester, begun /,
        )
        await allIsRight(/\d{14}/.exec(stdout)![0])
      },
    )
  }

  test('while the migration runs is remembered so where it ran', LIMIT, async () => {
    const deploying = scene.start('deploy', 'production', '--set', 'migrate=sleep 1000')
    const noted = (host: Host) => host.read(`${DEPLOY_TO}/.capstan/deploy.json`).catch(() => '')
    await eventually('the migration runs', LIMIT_MS, async () => /migrate/.test(await noted(scene.host)))
    await killed(deploying)
    await noneIsDeaf()
    assert.deepEqual(await unfinished(), ['migrate', 'prepare'])
    const { stdout, stderr } = await scene.must('deploy', 'production')
    assert.match(stderr, /web-1 {2}an earlier run .*, in the phase migrate; this one takes its place/)
    await allIsRight(/\d{14}/.exec(stdout)![0])
  })

  test('while an old worker drains gets it restarted by its host', LIMIT, async () => {
    const release = (await scene.current())!
    const before = await scene.worksIn(scene.host, release)
    for (const name of ['long-1', 'long-2', 'long-3', 'long-4']) await scene.enqueue(name, 12_000)
    await scene.noted('began long-4')
    const deploying = scene.start('deploy', 'production', '--set', 'services.worker.cutover=replace')
    await deploying.says(/worker: \d jobs? left/)
    await killed(deploying)
    await noneIsDeaf()
    const [worker] = await scene.worksIn(scene.host, release)
    assert.equal(worker?.enabled, true)
    assert.notEqual(worker?.invocation, before[0]?.invocation)
    await scene.enqueue('heard', 10)
    await scene.noted('ended heard')
    await allIsRight(await scene.deploy())
  })

  test(
    'between the end of the old worker and the first word of the new one gets the old one back, for boots too',
    LIMIT,
    async () => {
      const release = (await scene.current())!
      await onEachHost((host) => host.write(`${DEPLOY_TO}/shared/log/hold`, '', { owner: 'deploy' }))
      const deploying = scene.start('deploy', 'production', '--set', 'services.worker.cutover=replace')
      await eventually('a new worker is about to start', LIMIT_MS, async () => {
        const states = await scene.instances(scene.host)
        return states.some(({ active }) => active === 'activating')
      })
      await killed(deploying)
      await onEachHost(async (host) => void (await host.output(`rm ${DEPLOY_TO}/shared/log/hold`)))
      await eventually('the old worker is back', LIMIT_MS, async () => {
        const states = await scene.instances(scene.host)
        return states.some(
          ({ unit, active, enabled }) => unit.includes(release) && active === 'active' && enabled,
        )
      })
      await noneIsDeaf()
      await allIsRight(await scene.deploy())
    },
  )
})
