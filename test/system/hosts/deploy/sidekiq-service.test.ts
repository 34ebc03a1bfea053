import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { DIARY } from './application.ts'
import { DEPLOY_TO, DeployScene } from './deploy-scene.ts'
import { Load } from './load.ts'

const SECOND_MS = 1_000
const LIMIT = { timeout: 240_000 }

/** The same jobs as in application.ts, for Ruby. */
const RUBY_JOBS = `
require "sidekiq"

class RubyNap
  include Sidekiq::Worker
  sidekiq_options queue: "ruby"

  def perform(name, ms)
    note("began #{name}")
    sleep(ms / 1000.0)
    note("ended #{name}")
  end

  def note(words)
    line = "#{(Time.now.to_f * 1000).round} #{File.basename(Dir.pwd)} #{words}\\n"
    File.open("${DIARY}", "a") { |diary| diary.write(line) }
  end
end
`

function unitText(redisUrl: string): string {
  return `[Unit]
Description=Sidekiq of the shop
After=network.target
[Service]
Type=notify
User=deploy
WorkingDirectory=${DEPLOY_TO}/current
Environment=REDIS_URL=${redisUrl}
ExecStart=/usr/bin/sidekiq -r ./app.rb -q ruby -c 5 -t 25
TimeoutStopSec=35
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`
}

describe('a Sidekiq and a worker side by side', { skip: WITHOUT_HOSTS, timeout: 3 * LIMIT.timeout }, () => {
  let scene: DeployScene
  before(async () => {
    const services = {
      worker: { type: 'worker', timeout: '60s' },
      sidekiq: { type: 'sidekiq', drain: '30s' },
    }
    scene = await DeployScene.open({ hosts: 1, deploy: { services } })
    await writeFile(join(scene.folder, 'app.rb'), RUBY_JOBS)
  })
  after(() => scene[Symbol.asyncDispose]())

  test('are not deployed as long as the unit of Sidekiq is not there', LIMIT, async () => {
    await scene.must('setup', 'production')
    const { code, stderr } = await scene.capstan('deploy', 'production')
    assert.equal(code, 3, stderr)
    assert.match(stderr, /the unit sidekiq\.service is not installed \(service sidekiq\)\n {2}.*install it/)
  })

  test('are said to be not there by the commands on services', LIMIT, async () => {
    const { stdout } = await scene.must('status', 'production')
    assert.match(stdout, /shop-worker@\.service +no instance\n.* sidekiq\.service +not installed\n$/)
    const quieted = await scene.capstan('quiet', 'production')
    assert.equal(quieted.code, 1, quieted.stderr)
    assert.match(quieted.stdout, /^web-1: shop-worker@\.service: no instance: nothing to quiet$/m)
    assert.match(quieted.stdout, /^web-1: sidekiq\.service: not found: nothing to quiet$/m)
    const logs = await scene.capstan('logs', 'production', '--json')
    assert.equal(logs.code, 1, logs.stderr)
    assert.deepEqual(JSON.parse(logs.stdout).hosts, [
      { host: 'web-1', lines: [], missing: [{ unit: 'sidekiq.service', why: 'not installed' }] },
    ])
  })

  test('are both started by the first deploy', LIMIT, async () => {
    const url = `redis://${scene.host.gateway}:${scene.redis!.port}`
    await scene.host.write('/etc/systemd/system/sidekiq.service', unitText(url))
    await scene.host.output('systemctl daemon-reload && systemctl enable sidekiq')
    const release = await scene.deploy()
    assert.equal(await scene.host.output('systemctl is-active sidekiq'), 'active')
    await scene.worksIn(scene.host, release)
    const { stdout } = await scene.must('logs', 'production', '-n', '5')
    assert.match(stdout, /^web-1 {2}\S+ .*$/m)
  })

  test(
    'lose no job in a deploy, which quiets, drains and restarts the one and overlaps the other',
    LIMIT,
    async (context) => {
      await using ours = await Load.on(scene, {
        ...{ shortEveryMs: 100, shortMs: 20 },
        ...{ longEveryMs: 3 * SECOND_MS, longMs: 12 * SECOND_MS },
      })
      await using rubys = await Load.on(scene, {
        job: { name: 'RubyNap', queue: 'ruby' },
        ...{ shortEveryMs: 200, shortMs: 20 },
        ...{ longEveryMs: 6 * SECOND_MS, longMs: 15 * SECOND_MS },
      })
      await scene.noted(`began ${rubys.nameOf('long', 2)}`)
      const { stdout, stderr } = await scene.must('deploy', 'production')
      const release = (await scene.current())!
      context.diagnostic(stdout.split('\n')[0]!)
      assert.match(stderr, /web-1 {2}quiet sidekiq\n/)
      assert.match(stderr, /web-1 {2}sidekiq: [123] jobs? left\n/)
      await scene.noted(`ended ${rubys.nameOf('long', 3)}`)
      const tallies = { ours: await ours.end(), rubys: await rubys.end() }
      for (const [name, { enqueued, gapMs, lost, repeated }] of Object.entries(tallies)) {
        context.diagnostic(`${name}: ${enqueued} jobs, longest gap ${gapMs} ms`)
        assert.deepEqual({ lost, repeated }, { lost: [], repeated: [] }, name)
      }
      const pid = await scene.host.output('systemctl show --value -p MainPID sidekiq')
      assert.equal(await scene.host.output(`readlink /proc/${pid}/cwd`), `${DEPLOY_TO}/releases/${release}`)
      await scene.worksIn(scene.host, release)
    },
  )

  test('are taken back together when the new Sidekiq does not start', LIMIT, async () => {
    const live = (await scene.current())!
    await writeFile(join(scene.folder, 'app.rb'), 'raise "no such gem"')
    const { code, stderr } = await scene.capstan('deploy', 'production')
    assert.equal(code, 6, stderr)
    assert.match(stderr, /what was changed was taken back; the old release is live/)
    assert.match(stderr, /no such gem/)
    assert.equal(await scene.current(), live)
    await scene.worksIn(scene.host, live)
    const pid = await scene.host.output('systemctl show --value -p MainPID sidekiq')
    assert.equal(await scene.host.output(`readlink /proc/${pid}/cwd`), `${DEPLOY_TO}/releases/${live}`)
  })
})
