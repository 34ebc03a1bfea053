import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import type { Running } from '../deploy/deploy-scene.ts'
import { eventually } from '../eventually.ts'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { buildTakes } from './article-host.ts'
import { ArticleScene } from './article-scene.ts'
import { Jobs } from './jobs.ts'

/** With room for a machine that is busy with other tests. */
const LIMIT = { timeout: 300_000 }
const LIMIT_MS = 30_000
/** What was waiting at a kill has been run so soon afterwards; what was running never is. */
const KILLED_LIMIT_MS = 6_000
const TURNS = 3
const BUILD_S = 2
const SHORT_MS = 20

const TOOLS = ['cap', 'capstan'] as const
type Tool = (typeof TOOLS)[number]

/** What one deploy cost. */
interface Cost {
  readonly tool: Tool
  readonly ms: number
  /** Commands of Capistrano, each a round trip of its own; or our round trips. */
  readonly trips: number
  /** The longest time in which no job began; null when there were none to begin. */
  readonly gapMs: number | null
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}

/** One line for each tool: the median, and all of them. */
function report(context: TestContext, what: string, costs: readonly Cost[]): void {
  const column = (name: string, values: readonly number[], show: (value: number) => string) =>
    `${name} ${show(median(values))} (${values.map(show).join(', ')})`
  for (const tool of TOOLS) {
    const its = costs.filter((cost) => cost.tool === tool)
    const gaps = its.flatMap(({ gapMs }) => (gapMs === null ? [] : [gapMs]))
    const columns = [
      column(
        'seconds',
        its.map(({ ms }) => ms),
        seconds,
      ),
      column(
        'round trips',
        its.map(({ trips }) => trips),
        String,
      ),
      ...(gaps.length === 0 ? [] : [column('seconds without a job', gaps, seconds)]),
    ]
    context.diagnostic(`${what}, ${tool}: ${columns.join('; ')}`)
  }
}

describe('Capistrano and Capstan on one host', { skip: WITHOUT_HOSTS, ...LIMIT }, () => {
  let scene: ArticleScene
  let jobs: Jobs
  before(async () => {
    scene = await ArticleScene.open()
    jobs = await Jobs.into(scene)
    await scene.mustCap('deploy')
    await scene.import()
  })
  after(async () => {
    await jobs[Symbol.asyncDispose]()
    await scene[Symbol.asyncDispose]()
  })

  const start = (tool: Tool): Running =>
    tool === 'cap' ? scene.startCap('deploy') : scene.startCapstan('deploy', 'staging')
  const deployed = async (tool: Tool): Promise<Omit<Cost, 'gapMs'>> => {
    const before = await scene.capCommands()
    const { code, stdout, stderr, ms } = await start(tool).ended
    assert.equal(code, 0, stdout + stderr)
    const ours = Number(/(\d+) round trips/.exec(stdout)?.[1])
    return { tool, ms, trips: tool === 'cap' ? (await scene.capCommands()) - before : ours }
  }
  const gapIn = async (name: string) => {
    const began = (await scene.diary()).filter(({ what, job }) => what === 'began' && job.startsWith(name))
    return Math.max(...began.slice(1).map(({ at }, index) => at - began[index]!.at))
  }

  test('deploy an idle worker', LIMIT, async (context) => {
    const costs: Cost[] = []
    for (let turn = 0; turn < TURNS; turn += 1)
      for (const tool of TOOLS) costs.push({ ...(await deployed(tool)), gapMs: null })
    report(context, 'idle', costs)
  })

  test('deploy a worker with short jobs, after a build, and lose none', LIMIT, async (context) => {
    await buildTakes(scene.host, BUILD_S)
    const costs: Cost[] = []
    for (let turn = 0; turn < TURNS; turn += 1)
      for (const tool of TOOLS) {
        const name = `${tool}-${turn}`
        const cost = await jobs.during(name, SHORT_MS, () => deployed(tool))
        assert.deepEqual(await jobs.lost(), [])
        costs.push({ ...cost, gapMs: await gapIn(name) })
      }
    report(context, `short jobs, a build of ${BUILD_S} s`, costs)
  })

  test('quiet, stop, start and restart it by a word', LIMIT, async (context) => {
    const words = { quiet: 'restart', stop: 'restart', start: 'stop', restart: 'restart' }
    for (const [word, before] of Object.entries(words)) {
      await scene.host.output(`systemctl ${before} sidekiq`)
      const cap = await scene.mustCap(`sidekiq:${word}`)
      await scene.host.output(`systemctl ${before} sidekiq`)
      const capstan = await scene.mustCapstan(word, 'staging')
      context.diagnostic(`${word}: cap ${seconds(cap.ms)}, capstan ${seconds(capstan.ms)}`)
    }
    assert.equal((await scene.sidekiq()).active, 'active')
  })

  test('lose what a worker runs that is killed in the build, and nothing else', LIMIT, async (context) => {
    const known = new Set<string>()
    for (const tool of TOOLS) {
      const running = Array.from({ length: 5 }, (_, index) => `${tool}-running-${index}`)
      for (const name of running) await jobs.enqueue(name, LIMIT_MS)
      for (const name of running) await scene.noted(`began ${name}`)
      const deploying = start(tool)
      await jobs.during(`${tool}-beside`, SHORT_MS, async () => {
        const said = () => deploying.said.stdout + deploying.said.stderr
        await eventually('it builds', LIMIT_MS, () => /\.\/build|run .*build|link what/.test(said()))
        await scene.host.output('systemctl kill --signal=KILL --kill-who=main sidekiq')
        assert.equal((await deploying.ended).code, 0, said())
      })
      const lost = (await jobs.lost(KILLED_LIMIT_MS)).filter((name) => !known.has(name))
      for (const name of lost) known.add(name)
      context.diagnostic(`killed in the build, ${tool}: ${lost.length} jobs lost`)
      assert.deepEqual(
        lost.filter((name) => !running.includes(name)),
        [],
      )
      await scene.sidekiqIs('in the new release', ({ active }) => active === 'active')
      assert.equal((await scene.sidekiq()).release, await scene.current())
    }
  })
})
