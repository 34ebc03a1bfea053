import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { DEPLOY_TO, DeployScene } from './deploy-scene.ts'

const LIMIT = { timeout: 120_000 }

/** How a release can be broken, as the text of a job file, and what the deploy then shows. */
const BROKEN: ReadonlyArray<readonly [what: string, text: string, shown: RegExp]> = [
  [
    'whose job file throws when it is loaded',
    "throw new Error('no such printer')",
    /shop-worker@\d{14}-1\.service .*its last lines:\n.*no such printer/,
  ],
  [
    'that starts and dies after some seconds',
    "setTimeout(() => { throw new Error('out of paper') }, 3_000)",
    /shop-worker@\d{14}-1\.service .*its last lines:\n(.*\n)*.*out of paper/,
  ],
]

describe('a release', { skip: WITHOUT_HOSTS, timeout: 3 * LIMIT.timeout }, () => {
  let scene: DeployScene
  let file: string
  before(async () => {
    scene = await DeployScene.open({ deploy: { soak: '6s' } })
    file = join(scene.folder, 'jobs/broken.ts')
    await scene.firstDeploy()
  })
  after(() => scene[Symbol.asyncDispose]())
  afterEach(() => rm(file, { force: true }))

  for (const [what, text, shown] of BROKEN) {
    test(
      `${what} is never live: the old workers are not touched, and the reason is shown`,
      LIMIT,
      async () => {
        const live = (await scene.current())!
        const before = await Promise.all(scene.hosts.map((host) => scene.instances(host)))
        const movedAt = () =>
          Promise.all(scene.hosts.map((host) => host.output(`stat -c %z ${DEPLOY_TO}/current`)))
        const moved = await movedAt()
        await writeFile(file, text)
        const { code, stderr } = await scene.capstan('deploy', 'production')
        assert.equal(code, 5, stderr)
        assert.match(stderr, shown)
        assert.match(stderr, /nothing that existed was changed/)
        assert.deepEqual(await movedAt(), moved)
        assert.deepEqual(await Promise.all(scene.hosts.map((host) => scene.instances(host))), before)
        for (const host of scene.hosts) {
          const releases = (await host.output(`ls ${DEPLOY_TO}/releases`)).split('\n')
          assert.equal(await scene.stateOf(releases.at(-1)!, host), 'bad')
          await scene.worksIn(host, live)
        }
      },
    )
  }

  test('whose build fails is never started', LIMIT, async () => {
    const before = await scene.instances()
    const { code, stderr } = await scene.capstan(
      'deploy',
      'production',
      '--set',
      'build=["echo half; exit 3"]',
    )
    assert.equal(code, 5, stderr)
    assert.match(stderr, /web-1, web-2: echo half; exit 3: exit code 3/)
    assert.deepEqual(await scene.instances(), before)
  })

  test('that brings no capstan is never started, and says what brings it', LIMIT, async () => {
    const before = await scene.instances()
    const { code, stderr } = await scene.capstan('deploy', 'production', '--set', 'build=[]')
    assert.equal(code, 5, stderr)
    assert.match(
      stderr,
      /prepare failed: web-1, web-2: the release brings no capstan: add build: \['npm ci'\]/,
    )
    assert.match(stderr, /the old release is live/)
    assert.deepEqual(await scene.instances(), before)
  })

  test('that works is deployed after all of them', LIMIT, async () => {
    const release = await scene.deploy()
    for (const host of scene.hosts) await scene.worksIn(host, release)
  })
})
