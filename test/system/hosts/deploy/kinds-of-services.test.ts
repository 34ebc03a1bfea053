import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { DEPLOY_TO, DeployScene } from './deploy-scene.ts'

const SECOND_MS = 1_000
const LIMIT = { timeout: 120_000 }

describe('a deploy', { skip: WITHOUT_HOSTS, timeout: 3 * LIMIT.timeout }, () => {
  test('overlaps two processes that are shut in, on one SQLite file in shared', LIMIT, async () => {
    const worker = { type: 'worker', processes: 2, hardening: 'strict', timeout: '60s' }
    await using scene = await DeployScene.open({
      hosts: 1,
      store: 'sqlite',
      deploy: { services: { worker } },
    })
    const first = await scene.firstDeploy()
    await scene.enqueue('long', 30 * SECOND_MS)
    await scene.noted('began long')
    const second = await scene.deploy()
    await scene.enqueue('short', 10)
    assert.equal((await scene.noted('ended short')).release, second)
    assert.equal((await scene.noted('ended long')).release, first)
    const workers = await scene.worksIn(scene.host, second, second)
    assert.deepEqual(
      workers.map(({ unit }) => unit),
      [`shop-worker@${second}-1.service`, `shop-worker@${second}-2.service`],
    )
    const texts = (await scene.diary()).map(({ what, job }) => `${what} ${job}`)
    assert.deepEqual(texts, ['began long', 'began short', 'ended short', 'ended long'])
  })

  test('drains a worker that is to be replaced before the new one begins', LIMIT, async () => {
    const worker = { type: 'worker', cutover: 'replace', timeout: '60s' }
    await using scene = await DeployScene.open({ hosts: 1, deploy: { services: { worker } } })
    const first = await scene.firstDeploy()
    await scene.enqueue('long', 20 * SECOND_MS)
    await scene.noted('began long')
    const deploying = scene.start('deploy', 'production')
    await deploying.says(/worker: 1 job left/)
    await scene.enqueue('next', 10)
    const { code, stderr } = await deploying.ended
    assert.equal(code, 0, stderr)
    const second = (await scene.current())!
    await scene.worksIn(scene.host, second)
    assert.equal((await scene.noted('ended next')).release, second)
    const diary = (await scene.diary()).map(({ what, job, release }) => [what, job, release].join(' '))
    assert.deepEqual(diary, [
      `began long ${first}`,
      `ended long ${first}`,
      `began next ${second}`,
      `ended next ${second}`,
    ])
  })

  test('works under the own manager of the user, without any right of root', LIMIT, async () => {
    const worker = { type: 'worker', manager: 'user' }
    await using scene = await DeployScene.open({ hosts: 1, deploy: { services: { worker } } })
    await scene.must('setup', 'production')
    const first = await scene.deploy()
    const second = await scene.deploy()
    assert.notEqual(first, second)
    await scene.enqueue('mine', 10)
    assert.equal((await scene.noted('ended mine')).release, second)
    assert.equal(await scene.host.output('ls /etc/sudoers.d'), 'README')
    await scene.host.reboot()
    await scene.enqueue('after', 10)
    assert.equal((await scene.noted('ended after')).release, second)
    assert.equal(await scene.host.output(`readlink ${DEPLOY_TO}/current`), `${DEPLOY_TO}/releases/${second}`)
  })
})
