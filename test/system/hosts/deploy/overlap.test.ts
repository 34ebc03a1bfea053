import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { DeployScene } from './deploy-scene.ts'
import { Load, type Tally } from './load.ts'

const SECOND_MS = 1_000

/** The promise is that some worker takes jobs all the time; the machine may be busy with other tests. */
const GAP_LIMIT_MS = 1_000

const LIMIT = { timeout: 280_000 }

function said({ enqueued, lost, repeated, gapMs, waitMs }: Tally): string {
  return `${enqueued} jobs, ${lost.length} lost, ${repeated.length} repeated; longest gap ${gapMs} ms, longest wait ${waitMs} ms`
}

describe('deploys under load', { skip: WITHOUT_HOSTS, timeout: 3 * LIMIT.timeout }, () => {
  let scene: DeployScene
  before(async () => {
    scene = await DeployScene.open()
    await scene.firstDeploy()
  })
  after(() => scene[Symbol.asyncDispose]())

  test('ten in a row lose no job, repeat none, and leave no gap', LIMIT, async (context) => {
    await using load = await Load.on(scene, {
      ...{ shortEveryMs: 50, shortMs: 50 },
      ...{ longEveryMs: 4 * SECOND_MS, longMs: 40 * SECOND_MS },
    })
    for (let number = 1; number <= 10; number += 1) {
      const { stdout, ms } = await scene.must('deploy', 'production')
      context.diagnostic(`${stdout.split('\n')[0]}; ${ms} ms from the shell`)
    }
    const tally = await load.end()
    context.diagnostic(said(tally))
    assert.deepEqual({ lost: tally.lost, repeated: tally.repeated }, { lost: [], repeated: [] })
    assert.ok(tally.gapMs < GAP_LIMIT_MS, `${tally.gapMs} ms without a job that began`)
    const release = (await scene.current())!
    for (const host of scene.hosts) await scene.worksIn(host, release)
  })

  test('five, in each of which a live worker is killed, lose no job', LIMIT, async (context) => {
    await using load = await Load.on(scene, {
      ...{ shortEveryMs: 50, shortMs: 50 },
      ...{ longEveryMs: 3 * SECOND_MS, longMs: 10 * SECOND_MS },
    })
    let recovered = 0
    for (let number = 1; number <= 5; number += 1) {
      const host = scene.hosts[number % 2]!
      const release = await scene.current(host)
      const deploying = scene.start('deploy', 'production')
      await deploying.says(/^start$/m)
      await host.output([
        'systemctl',
        'kill',
        '--signal=KILL',
        '--kill-who=main',
        `shop-worker@${release}-1.service`,
      ])
      const { code, stdout, stderr } = await deploying.ended
      assert.equal(code, 0, stderr)
      context.diagnostic(stdout.split('\n')[0]!)
      recovered += Number(/(\d+) recovered/.exec(stdout)?.[1])
    }
    const tally = await load.end()
    context.diagnostic(said(tally))
    assert.deepEqual(tally.lost, [])
    assert.ok(recovered > 0, `the deploys have counted ${recovered} jobs of workers that died`)
  })
})
