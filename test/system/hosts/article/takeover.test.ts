import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Spoken } from '../deploy/deploy-scene.ts'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { DEPLOY_TO } from './article-host.ts'
import { ArticleScene, type SidekiqState } from './article-scene.ts'
import { Jobs } from './jobs.ts'

/** With room for a machine that is busy with other tests. */
const LIMIT = { timeout: 300_000 }
const LONG_MS = 18_000

const isDeaf = ({ title }: SidekiqState) => title.endsWith('stopping')

describe('a Sidekiq that Capistrano deploys', { skip: WITHOUT_HOSTS, ...LIMIT }, () => {
  let scene: ArticleScene
  let jobs: Jobs
  const releases: string[] = []
  before(async () => {
    scene = await ArticleScene.open()
    jobs = await Jobs.into(scene)
    await scene.mustCap('deploy')
    releases.push(await scene.current())
  })
  after(async () => {
    await jobs[Symbol.asyncDispose]()
    await scene[Symbol.asyncDispose]()
  })

  /** A job runs in the live release, from a process that works there. */
  const takesJobs = async (name: string) => {
    const release = await scene.current()
    await jobs.enqueue(name, 10)
    assert.equal((await scene.noted(`ended ${name}`)).release, release)
    assert.equal((await scene.sidekiq()).release, release)
  }
  const deployedBy = async ({ stdout }: Spoken) => {
    releases.push(await scene.current())
    assert.match(stdout, new RegExp(releases.at(-1)!))
    await takesJobs(`in ${releases.length}`.replace(' ', '-'))
  }

  test('is written down as a configuration, with what a person has to add', LIMIT, async () => {
    const said = await scene.import()
    assert.match(said, /config\/deploy\.rb:\d+: not read: .*build/)
    const { stdout } = await scene.mustCapstan('config', 'staging')
    assert.match(stdout, /services\.sidekiq\.unit +sidekiq\.service/)
    assert.match(stdout, new RegExp(`deployTo +${DEPLOY_TO}`))
  })

  test('is explained by the doctor, who leaves it as it is', LIMIT, async () => {
    const before = await scene.sidekiq()
    const { code, stdout } = await scene.capstan('doctor', 'staging')
    assert.equal(code, 1)
    assert.match(stdout, new RegExp(`live is ${releases[0]}, made by Capistrano`))
    assert.match(stdout, /error +sudo: \/usr\/bin\/systemctl without arguments/)
    assert.match(stdout, /error +sidekiq\.service: there is no User=, which means root/)
    assert.match(stdout, /warning +sidekiq\.service runs but does not start at boot/)
    assert.match(stdout, /warning +sidekiq\.service: WatchdogSec=10/)
    assert.equal((await scene.sidekiq()).pid, before.pid)
  })

  test('is stopped, started, quieted and restarted by the words for it', LIMIT, async () => {
    const { pid } = await scene.sidekiq()
    await scene.mustCapstan('stop', 'staging')
    assert.equal((await scene.sidekiq()).active, 'inactive')
    await scene.mustCapstan('start', 'staging', 'sidekiq')
    const started = await scene.sidekiqIs('started', ({ active }) => active === 'active')
    assert.notEqual(started.pid, pid)
    const { stdout } = await scene.mustCapstan('quiet', 'staging', '--hosts', 'web-1')
    assert.match(stdout, /web-1: sidekiq\.service: told to take no more jobs/)
    await scene.sidekiqIs('quiet', isDeaf)
    assert.match((await scene.capstan('doctor', 'staging')).stdout, /sidekiq\.service is active and deaf/)
    await scene.mustCapstan('restart', 'staging')
    await takesJobs('restarted')
  })

  test('is deployed: told late, drained in sight, restarted, and no job is lost', LIMIT, async (context) => {
    for (const name of ['long-1', 'long-2', 'long-3']) await jobs.enqueue(name, LONG_MS)
    await scene.noted('began long-3')
    const deployed = await jobs.during('short', 20, () => scene.mustCapstan('deploy', 'staging'))
    context.diagnostic(deployed.stdout.trim())
    const steps = [/publish \d/, /quiet sidekiq/, /sidekiq: 3 jobs left/, /restart sidekiq/].map((step) =>
      deployed.stderr.search(step),
    )
    assert.ok(!steps.includes(-1), deployed.stderr)
    assert.deepEqual(
      steps,
      steps.toSorted((a, b) => a - b),
    )
    await deployedBy(deployed)
    assert.deepEqual(await jobs.lost(), [])
    const begun = (await scene.diary()).filter(({ what, job }) => what === 'began' && job.startsWith('long'))
    assert.equal(begun.length, 3, 'none began twice')
  })

  test('is rolled back to a release of Capistrano, and works there', LIMIT, async () => {
    const { stdout } = await scene.mustCapstan('rollback', 'staging')
    assert.equal(await scene.current(), releases[0])
    assert.match(stdout, new RegExp(releases[0]!))
    await takesJobs('rolled-back')
  })

  test('is deployed by Capistrano again, with nothing of ours in its way', LIMIT, async () => {
    const deployed = await scene.mustCap('deploy')
    assert.doesNotMatch(deployed.stdout + deployed.stderr, /warn|skipping|✘/i)
    releases.push(await scene.current())
    await takesJobs('by-capistrano')
    assert.deepEqual(await scene.releases(), releases)
    const log = await scene.host.read(`${DEPLOY_TO}/revisions.log`)
    assert.equal(log.trim().split('\n').length, 4, 'two deploys of Capistrano, one of ours, and a rollback')
  })

  test(
    'is left deaf by a rollback of Capistrano, which the doctor and the next deploy see',
    LIMIT,
    async () => {
      await scene.mustCap('deploy:rollback')
      assert.equal(await scene.current(), releases[1])
      const deaf = await scene.sidekiqIs('deaf', isDeaf)
      assert.equal(deaf.release, releases[2], 'it works in the release that was taken away')
      await jobs.enqueue('unheard', 10)
      assert.match((await scene.capstan('doctor', 'staging')).stdout, /sidekiq\.service is active and deaf/)
      await scene.mustCapstan('deploy', 'staging')
      await scene.noted('ended unheard')
      await takesJobs('heard-again')
    },
  )
})
