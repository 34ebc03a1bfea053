import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { Command } from 'commander'
import type { DeployConfig } from '../../deploy/deploy-config.ts'
import { StoreError } from '../../kernel/errors.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { seededRandom } from '../../kernel/random.ts'
import { memoryStore } from '../../store/memory/index.ts'
import type { Store } from '../../store/store.ts'
import type { RunningJob } from '../../store/worker-record.ts'
import { SimClock } from '../../testing/sim-clock.ts'
import { newOutput } from '../output.ts'
import { type Session, thisHost } from '../session.ts'
import { operatorCommands } from './index.ts'

/** Its host is this machine, without ssh. */
const deploy: DeployConfig = {
  application: 'shop',
  source: { upload: '.' },
  services: { mails: { type: 'sidekiq', unit: 'capstan-no-such.service', manager: 'user' } },
  stages: { production: { hosts: ['local'] } },
}

interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface Terminal {
  readonly colour?: boolean
  readonly columns?: number
  /** What the person types when asked; absent: nobody sits there. */
  readonly types?: string
}

function setUp(store: Store = memoryStore()) {
  const clock = new SimClock()
  const runtime = { clock, random: seededRandom(1), logger: silentLogger }
  const loaded = { config: { deploy }, file: 'capstan.config.ts', directory: '/app' }
  const session: Session = {
    ...{ runtime, options: {}, config: async () => loaded },
    ...{ store: async () => store, close: async () => {} },
  }
  const run = async (line: string | readonly string[], terminal: Terminal = {}): Promise<Answer> => {
    const written = { stdout: '', stderr: '' }
    const out = newOutput({
      tty: terminal.colour === true,
      colour: terminal.colour ?? false,
      columns: terminal.columns ?? Number.POSITIVE_INFINITY,
      writeOut: (text) => {
        written.stdout += text
      },
      writeError: (text) => {
        written.stderr += text
      },
      ask: terminal.types === undefined ? null : async () => terminal.types!,
    })
    const program = new Command('capstan').exitOverride()
    for (const command of operatorCommands({
      ...{ session: () => session, store: async () => store },
      ...{ runtime, out },
    }))
      program.addCommand(command)
    await program.parseAsync(typeof line === 'string' ? line.split(' ') : line, { from: 'user' })
    return { code: out.exitCode, ...written }
  }
  let pushes = 0
  const push = (queue: string, payload: string, at: number | null = null) =>
    store.push({ token: `push ${pushes++}`, now: clock.now(), jobs: [{ queue, payload, at }] })
  const beat = (
    identity: string,
    running: readonly RunningJob[] = [],
    seen = { bootId: '', processStart: '' },
  ) => {
    const [hostname, pid] = identity.split(':')
    const capsules = [
      { name: 'default', concurrency: 5, mode: 'strict' as const, weights: { mail: 0, media: 0 } },
    ]
    const process = {
      hostname: hostname!,
      pid: Number(pid),
      ...seen,
      startedAt: clock.now(),
    }
    const worker = { identity, ...process, tag: 'shop', labels: [], capsules, version: '0' }
    const counts = { processed: 12, failed: 2, rssKib: 65_536, roundTripUs: 100 }
    return store.heartbeat({ worker, now: clock.now(), quiet: false, running, ...counts })
  }
  const sizes = async () => {
    const { enqueued, scheduled, retries, dead } = await store.stats(clock.now(), 1)
    return { enqueued, scheduled, retries, dead }
  }
  return { clock, store, run, push, beat, sizes }
}

const job = (jid: string, more = '') =>
  `{"class":"Thumbnail","args":["a.jpg",300],"jid":"${jid}","queue":"media"${more}}`
const failure = ',"retry_count":2,"error_class":"TypeError","error_message":"no such file"'

test('queues shows sizes, how long the oldest job waits and which are paused', async () => {
  const { clock, run, push, store } = setUp()
  await push('mail', job('a', `,"enqueued_at":${clock.now()}`))
  await push('media', job('b'))
  await store.pause('media', true)
  await push('rare', job('c'))
  await run('delete c')
  await clock.advance(75_000)
  await push('mail', job('d', `,"enqueued_at":${clock.now()}`))
  const { stdout, code } = await run('queues')
  assert.equal(code, 0)
  assert.deepEqual(stdout.split('\n'), [
    'QUEUE  SIZE  OLDEST WAITS  STATE',
    'mail      2    1 min 15 s  open',
    'media     1             ?  paused',
    'rare      0             -  open',
    '',
  ])
  const { queues } = JSON.parse((await run('queues --json')).stdout)
  assert.deepEqual(
    queues.map(({ latencyMs }: { latencyMs: number | null }) => latencyMs),
    [75_000, null, 0],
  )
})

test('jobs shows a place, and where to go on', async () => {
  const { clock, run, push } = setUp()
  for (const jid of ['one', 'two', 'three']) await push('media', job(jid, failure), clock.now() + 300_000)
  const { stdout } = await run('jobs scheduled --limit 2')
  const [head, first, second, empty, footer] = stdout.split('\n')
  assert.match(head!, /^JID +CLASS +ARGS +QUEUE +RUNS +FAILURES +ERROR$/)
  assert.match(first!, /^one +Thumbnail +\["a\.jpg",300\] +media +in 5 min +3 +TypeError: no such file$/)
  assert.match(second!, /^two /)
  assert.deepEqual([empty, footer], ['', '1 to 2 of 3 in scheduled; more: --offset 2'])
})

test('jobs without a place shows the sizes of all', async () => {
  const { run, push } = setUp()
  await push('media', job('a'))
  const { places } = JSON.parse((await run('jobs --json')).stdout)
  assert.deepEqual(places.at(-1), { place: 'queue:media', size: 1 })
  assert.match((await run('jobs')).stdout, /^queue:media +1$/m)
})

test('jobs --jid shows all that is known of a job, wherever it is', async () => {
  const { run, push } = setUp()
  await push('media', job('abc', `${failure},"tags":["x","y"]`))
  const { stdout } = await run('jobs --jid abc')
  assert.match(stdout, /^place +queue:media$/m)
  assert.match(stdout, /^args +\["a\.jpg",300\]$/m)
  assert.match(stdout, /^tags +x, y$/m)
  assert.match(stdout, /^error +TypeError: no such file$/m)
})

test('a search without a match ends with the code for that', async () => {
  const { run, push } = setUp()
  await push('media', job('abc'))
  const { code, stdout, stderr } = await run('jobs --class Nothing')
  assert.equal(code, 3)
  assert.equal(stdout, '')
  assert.match(stderr, /^error: no job matches\n {2}expected: .+\n {2}next: .+\n$/)
})

test('hostile jobs cannot touch the terminal, in no view, neither to people nor as JSON', async () => {
  const { clock, run, push, store, beat } = setUp()
  const evil = '\x1b]0;owned\x07\x1b[2J\x9b31m\r\n\u202e'
  const payload = JSON.stringify({
    class: evil,
    args: [evil],
    jid: `j${evil}`,
    queue: 'media',
    error_class: evil,
    error_message: evil,
    tags: [evil],
    display_class: evil,
  })
  await push('media', payload)
  await push('media', payload, clock.now() + 1_000)
  await push('media', `${evil} is no JSON`)
  await push(`q${evil}`, payload)
  await beat(`host${evil}:1:0`, [{ token: 't', queue: `q${evil}`, payload, startedAt: clock.now() }])
  await store.signal('x', 'TERM')
  const lines: string[][] = [
    ['queues'],
    ['jobs'],
    ['jobs', 'media'],
    ['jobs', 'scheduled'],
    ['jobs', 'running'],
    ['workers'],
    ['stats'],
    ['jobs', `q${evil}`],
    ['jobs', '--class', evil],
    ['jobs', '--jid', `j${evil}`],
    ['jobs', evil],
    ['pause', evil],
    ['resume', `q${evil}`],
    ['pause', `q${evil}`],
    ['quiet', '--all'],
    ['quiet', evil],
    ['retry', `j${evil}`, evil],
    ['kill', `j${evil}`],
    ['clear', `q${evil}`],
    ['clear', `q${evil}`, '--yes'],
    ['delete', `j${evil}`, '--in', 'dead'],
  ]
  for (const line of lines) {
    for (const words of [line, [...line, '--json']]) {
      const { stdout, stderr } = await run(words)
      const text = (stdout + stderr).replaceAll('\n', '')
      assert.notEqual(text, '')
      assert.doesNotMatch(text, /[\p{Cc}\u202e]/u, words.join(' '))
    }
  }
})

test('a malformed job is shown as such, with its bytes, and deleted by the name it is given', async () => {
  const { run, push, sizes } = setUp()
  await push('media', '{"class":"A"')
  const { stdout } = await run('jobs media')
  assert.match(stdout, /\(malformed\) +\{"class":"A" +.*malformed: not valid JSON/)
  const id = /^bytes-\w+/m.exec(stdout)![0]
  assert.match((await run(`jobs --jid ${id}`)).stdout, /^bytes +\{"class":"A"$/m)
  assert.equal((await run(`delete ${id}`)).code, 0)
  assert.equal((await sizes()).enqueued, 0)
})

test('retry, kill and delete say for each job what became of it', async () => {
  const { clock, run, push, sizes } = setUp()
  await push('media', job('abc', failure), clock.now() + 60_000)
  assert.equal(
    (await run('retry abc')).stdout,
    'Retried: moved from scheduled to queue:media: Thumbnail abc\n',
  )
  const again = await run('retry abc')
  assert.equal(again.code, 1)
  assert.match(again.stderr, /^error: Thumbnail abc waits in queue:media already \(job\.waiting\)\n/)
  assert.equal((await run('kill abc')).stdout, 'Killed: moved from queue:media to dead: Thumbnail abc\n')
  assert.match((await run('kill abc')).stderr, /is dead already/)
  assert.equal((await run('delete abc')).stdout, 'Deleted from dead: Thumbnail abc\n')
  assert.deepEqual(await sizes(), { enqueued: 0, scheduled: 0, retries: 0, dead: 0 })
})

test('an unknown jid among known ones fails the command, unknown ones alone match nothing', async () => {
  const { run, push } = setUp()
  await push('media', job('abc'))
  const { code, stdout, stderr } = await run('kill abc xyz --json')
  assert.equal(code, 1)
  const place = 'queue:media'
  assert.deepEqual(JSON.parse(stdout), {
    results: [{ id: 'abc', name: 'Thumbnail', place, outcome: 'done' }],
    missing: ['xyz'],
  })
  assert.match(stderr, /no job has the jid \\?"xyz/)
  const alone = await run('kill xyz --json')
  assert.deepEqual([alone.code, JSON.parse(alone.stderr).error.exitCode], [3, 3])
})

test('a running job is left to its worker, and the message names it', async () => {
  const { clock, run, beat } = setUp()
  await beat('web1:7:0', [{ token: 't', queue: 'media', payload: job('abc'), startedAt: clock.now() }])
  const { code, stderr } = await run('delete abc')
  assert.equal(code, 1)
  assert.match(stderr, /runs right now on web1:7:0/)
  assert.match(stderr, /capstan stop web1:7:0/)
})

test('a command in a hint can be pasted: what would mean something to the shell is quoted', async () => {
  const { run, push } = setUp()
  await push('media', job('$(reboot)'))
  await run(['kill', '$(reboot)'])
  assert.match((await run(['kill', '$(reboot)'])).stderr, /capstan retry '\$\(reboot\)' runs it/)
})

test('retry --all needs a place, moves what can run and counts the rest', async () => {
  const { clock, run, push, sizes } = setUp()
  for (const jid of ['a', 'b']) await push('media', job(jid), clock.now() + 60_000)
  await push('media', 'no JSON', clock.now() + 60_000)
  const unplaced = await run('retry --all')
  assert.equal(unplaced.code, 2)
  assert.match(unplaced.stderr, /expected --in dead, --in retry or --in scheduled, got nothing/)
  const { code, stdout, stderr } = await run('retry --all --in scheduled')
  assert.equal(code, 0)
  assert.equal(stdout, 'Retried 2 jobs from scheduled: they wait in their queues now.\n')
  assert.match(stderr, /1 malformed job left in scheduled/)
  assert.deepEqual(await sizes(), { enqueued: 2, scheduled: 1, retries: 0, dead: 0 })
  assert.equal((await run('retry --all --in dead')).code, 3)
  assert.equal((await run('retry')).code, 2)
  assert.equal((await run('retry a --all --in dead')).code, 2)
})

test('nothing is cleared without a yes', async () => {
  const { run, push, sizes } = setUp()
  await push('media', job('a'))
  const unasked = await run('clear media')
  assert.equal(unasked.code, 2)
  assert.match(
    unasked.stderr,
    /there is no terminal to ask at\n {2}expected: --yes\n {2}next: capstan clear queue:media --yes/,
  )
  assert.equal((await run('queues --clear media')).code, 2)
  assert.equal((await run('clear media', { types: 'n' })).code, 1)
  assert.equal((await run('clear media', { types: '' })).code, 1)
  assert.equal((await sizes()).enqueued, 1)
  assert.equal((await run('clear media', { types: 'yes' })).stdout, 'Deleted 1 job from queue:media.\n')
  await push('media', job('a'))
  assert.deepEqual(JSON.parse((await run('queues --clear media --yes --json')).stdout), {
    place: 'queue:media',
    deleted: 1,
  })
  assert.equal((await run('clear running --yes')).code, 2)
})

test('a mistyped place or queue changes nothing and is answered with the nearest one', async () => {
  const { run, push } = setUp()
  await push('mail', job('a'))
  for (const line of [
    'jobs maill',
    'clear maill --yes',
    'pause maill',
    'resume maill',
    'kill a --in maill',
    'queues --clear maill --yes',
  ]) {
    const { code, stderr } = await run(line)
    assert.equal(code, 3, line)
    assert.match(stderr, /did you mean "mail"\?/, line)
  }
  assert.match((await run('jobs schedueld')).stderr, /did you mean "scheduled"\?/)
  assert.equal((await run('jobs mail')).code, 0)
})

test('pause and resume, also a queue that is not known yet if one insists', async () => {
  const { run, push, store, clock } = setUp()
  await push('mail', job('a'))
  assert.equal((await run('pause mail')).stdout, 'Paused mail: its jobs wait until "capstan resume mail".\n')
  assert.equal((await store.queues(clock.now()))[0]!.paused, true)
  assert.deepEqual(JSON.parse((await run('resume mail --json')).stdout), { queue: 'mail', paused: false })
  assert.equal((await store.queues(clock.now()))[0]!.paused, false)
  assert.equal((await run('pause future --force')).code, 0)
})

test('workers shows who lives and what runs', async () => {
  const { clock, run, beat } = setUp()
  assert.match((await run('workers')).stdout, /^No workers are registered/)
  await beat('web1:7:0', [{ token: 't', queue: 'media', payload: job('abc'), startedAt: clock.now() }])
  await clock.advance(61_000)
  const { stdout } = await run('workers')
  assert.match(stdout, /^web1:7:0 +silent +1\/5 +1 min 1 s ago +1 min 1 s ago +64 MiB +mail,media +shop$/m)
  assert.match(stdout, /^abc +Thumbnail +\["a\.jpg",300\] +media +1 min 1 s +web1:7:0$/m)
  assert.match(stdout, /1 worker silent: presumed dead/)
})

test('a worker whose process is gone from this host is shown as dead at once', async () => {
  const { run, beat } = setUp()
  const { hostname, pid, bootId, processStart } = thisHost()
  await beat(`${hostname}:${pid}:0`, [], { bootId, processStart: 'of an earlier process' })
  await beat(`${hostname}:${pid}:1`, [], { bootId, processStart })
  await beat(`elsewhere:${pid}:2`, [], { bootId, processStart: 'of an earlier process' })
  const { stdout } = await run('workers')
  for (const line of [/:0 +dead /, /:1 +working /, /:2 +working /]) assert.match(stdout, line)
  assert.match(stdout, /1 worker dead: the process is gone from this host\. .*"capstan recover" does it now/)
  const { workers } = JSON.parse((await run('workers --json')).stdout)
  assert.deepEqual(
    new Set(workers.map(({ state }: { state: string }) => state)),
    new Set(['dead', 'working']),
  )
})

test('quiet and stop reach the workers that are meant, by identity, by host or all', async () => {
  const { run, beat, clock } = setUp()
  for (const identity of ['web1:7:0', 'web1:8:0', 'web10:9:0']) await beat(identity)
  assert.match((await run('quiet web1')).stdout, /^web1:7:0 is told .+\nweb1:8:0 is told .+\n$/)
  const told = JSON.parse((await run('stop web10:9 --json')).stdout)
  assert.deepEqual(told, { order: 'stop', workers: [{ identity: 'web10:9:0', told: true }] })
  await clock.advance(1_000)
  const signals = []
  for (const identity of ['web1:7:0', 'web1:8:0', 'web10:9:0']) signals.push((await beat(identity)).signal)
  assert.deepEqual(signals, ['TSTP', 'TSTP', 'TERM'])
  assert.equal((await run('stop')).code, 2)
  assert.equal((await run('stop web1 --all')).code, 2)
  assert.equal((await run('stop web2')).code, 3)
  await clock.advance(60_000)
  assert.match((await run('stop --all')).stderr, /warning: web1:7:0 was not heard of for 1 min/)
})

test('quiet and stop of a stage mean its services, and ask the store nothing', async () => {
  const { run, beat } = setUp()
  await beat('production:7:0')
  // Whether systemd answers here or not: it knows no such unit.
  assert.equal((await run('quiet production mails').catch(() => ({ code: 1 }))).code, 1)
  await assert.rejects(run('stop production mials'), /stage production has no service "mials".*mails/)
  assert.equal((await beat('production:7:0')).signal, null)
  assert.match((await run('stop production:')).stdout, /^production:7:0 is told to stop/)
})

test('quiet and stop refuse what goes with a stage for a word that is none', async () => {
  const { run } = setUp()
  for (const words of ['web1 mails', 'web1 --hosts web-1', '--all --roles app', '--all --set keep=3']) {
    const { code, stderr } = await run(`stop ${words}`)
    assert.equal(code, 2)
    assert.match(stderr, /go with a stage of the configuration/)
  }
})

test('stats tells what is there now from what was done on each day and since the start', async () => {
  const { clock, run, beat } = setUp()
  await beat('web1:7:0')
  await clock.advance(86_400_000)
  await beat('web1:7:0')
  const [now, runs] = (await run('stats --days 1')).stdout.split('\n\n')
  assert.match(now!, /^NOW +COUNT\nenqueued +0\nrunning +0\nretry +0\nscheduled +0\ndead +0\nworkers +1$/)
  assert.match(runs!, /^DAY +PROCESSED +FAILED\n2025-10-15 +12 +2\nsince the start +24 +4\n$/)
  assert.equal(JSON.parse((await run('stats --days 3 --json')).stdout).days.length, 3)
  assert.match((await run('stats --days 0')).stderr, /--days: expected a whole number of at least 1, got "0"/)
})

test('mark-deploy says whether the mark is new, and refuses a store without charts', async () => {
  const labels = new Set<string>()
  const markDeploy = async (label: string) => !labels.has(label) && labels.add(label).has(label)
  const { run } = setUp({ ...memoryStore(), markDeploy } as Store)
  const words = ['mark-deploy', 'abc Fix']
  assert.deepEqual(await run(words), { code: 0, stdout: 'abc Fix: marked\n', stderr: '' })
  assert.equal((await run(words)).stdout, 'abc Fix: marked already, less than a minute ago\n')
  assert.deepEqual(JSON.parse((await run([...words, '--json'])).stdout), {
    label: 'abc Fix',
    mark: 'repeated',
  })
  const { code, stderr } = await setUp().run(words)
  assert.equal(code, 2)
  assert.match(stderr, /^error: this store has no charts to mark\n {2}expected: a Redis/)
})

test('colours mark what matters on a terminal and are absent elsewhere', async () => {
  const { run, beat } = setUp()
  await beat('web1:7:0')
  assert.ok((await run('workers', { colour: true, columns: 80 })).stdout.includes('\x1b[32mworking'))
  assert.ok(!(await run('workers')).stdout.includes('\x1b'))
})

test('a store that does not answer is an error with a way out, not a stack', async () => {
  const store = memoryStore()
  const refusing: Store = {
    ...store,
    queues: () =>
      Promise.reject(
        new StoreError('store.not_stored', 'no connection to 127.0.0.1:6379', { retryable: true }),
      ),
  }
  const { code, stderr } = await setUp(refusing).run('queues')
  assert.equal(code, 1)
  assert.match(
    stderr,
    /^error: no connection to 127\.0\.0\.1:6379 \(store\.not_stored\)\n {2}next: nothing was changed/,
  )
})

test('what a command refuses has a code for scripts, which the guide explains', async () => {
  const { run, push, beat } = setUp()
  const guide = await readFile(new URL('../../../docs/guides/errors.md', import.meta.url), 'utf8')
  const refused = async (line: string, expected: string) => {
    const { stderr } = await run(`${line} --json`)
    assert.equal(JSON.parse(stderr.split('\n')[0]!).error.code, expected, line)
    assert.ok(guide.includes(`\`${expected}\``), `${expected} is in the guide`)
  }
  await refused('stop --all', 'workers.none')
  await beat('web1:7:0', [{ token: 't', queue: 'media', payload: job('runs'), startedAt: 0 }])
  await push('media', job('waits'))
  await push('dead', '{')
  await run('kill waits')
  await refused('stop web2', 'worker.unknown')
  await refused('jobs meida', 'place.unknown')
  await refused('pause meida', 'queue.unknown')
  await refused('jobs --class Nothing', 'jobs.unmatched')
  await refused('retry --all --in scheduled', 'jobs.unmatched')
  await refused('kill nowhere', 'job.missing')
  await refused('kill waits', 'job.dead')
  await refused('clear dead', 'clear.unconfirmed')
  await refused('clear running', 'admin.running')
  await refused('mark-deploy abc', 'store.unsupported')
})

test('every command explains itself with an example', () => {
  const out = newOutput({ tty: false, colour: false, columns: 80, writeOut() {}, writeError() {}, ask: null })
  const runtime = { clock: new SimClock(), random: seededRandom(1), logger: silentLogger }
  const session = () => assert.fail('help needs no configuration')
  for (const command of operatorCommands({ session, store: async () => memoryStore(), runtime, out })) {
    let help = ''
    command
      .configureOutput({
        writeOut: (text) => {
          help += text
        },
      })
      .outputHelp()
    assert.match(help, /--json/, command.name())
    assert.match(help, new RegExp(`Examples?:\n {2}\\$ capstan ${command.name()}`), command.name())
  }
})
