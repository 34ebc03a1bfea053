import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { StoreError, UsageError } from '../../kernel/errors.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { seededRandom } from '../../kernel/random.ts'
import { memoryStore } from '../../store/memory/index.ts'
import { SimClock } from '../../testing/sim-clock.ts'
import { newOutput } from '../output.ts'
import type { Session } from '../session.ts'
import type { Patient } from './diagnosis.ts'
import { examine } from './doctor-command.ts'
import { systemdCommands } from './index.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../../systemd/fixtures/${name}`, import.meta.url))

const runtime = { clock: new SimClock(), random: seededRandom(1), logger: silentLogger }
const session = {
  ...{ runtime, options: {} },
  store: async () => memoryStore(),
  config: async () => ({ config: {}, file: 'capstan.config.ts', directory: '.' }),
  close: async () => {},
} as Session

const run = (...words: string[]) => runIn(session, ...words)

async function runIn(where: Session, ...words: string[]) {
  let text = ''
  const write = (more: string) => {
    text += more
  }
  const out = newOutput({
    ...{ tty: false, colour: false, columns: Number.POSITIVE_INFINITY, ask: null },
    ...{ writeOut: write, writeError: write },
  })
  out.json = words.includes('--json')
  const program = new Command('capstan').exitOverride()
  for (const command of systemdCommands({ session: () => where, out, runtime })) program.addCommand(command)
  await program.parseAsync(words, { from: 'user' })
  return { code: out.exitCode, text }
}

interface Beating {
  readonly identity: string
  readonly queue: string
  /** Classes that it met and does not know. */
  readonly unknown?: readonly string[]
}

/** A worker that lives, and takes one queue. */
function beat(store: ReturnType<typeof memoryStore>, { identity, queue, unknown = [] }: Beating) {
  const now = runtime.clock.now()
  const capsules = [{ name: 'default', concurrency: 1, mode: 'strict' as const, weights: { [queue]: 0 } }]
  const worker = {
    ...{ identity, hostname: 'h', pid: 1, bootId: '', processStart: '', startedAt: 0, tag: '' },
    ...{ labels: [], capsules, version: '0' },
    unknownJobs: unknown.map((name) => ({ class: name, queue, count: 3, lastAt: now })),
  }
  const counts = { processed: 0, failed: 0, rssKib: 0, roundTripUs: 0 }
  return store.heartbeat({ worker, now, quiet: false, running: [], ...counts })
}

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capstan-systemd-'))
})
afterEach(() => rm(directory, { recursive: true }))

describe('capstan unit', () => {
  test("explains the article's unit line by line, and ends with 1 because it runs as root", async () => {
    const { code, text } = await run('unit', 'explain', fixture('article-sidekiq.service'))
    assert.equal(code, 1)
    assert.match(
      text,
      / {2}7 {2}WatchdogSec=10\n {5}It must say that it lives.*\n {5}warning: WatchdogSec=10.*\n {7}fix: WatchdogSec=30/,
    )
    assert.match(text, /Missing or unreadable\n {5}error: there is no User=/)
    assert.match(text, /1 error, 3 warnings, 4 notes\n$/)
  })

  test('answers a script with one document', async () => {
    const { text } = await run('unit', 'explain', fixture('article-sidekiq.service'), '--json')
    const { lines, findings } = JSON.parse(text)
    assert.deepEqual([lines.length, findings[0].severity], [11, 'error'])
  })

  test('shows a unit that it finds nothing wrong with, and that systemd verifies', async () => {
    const { text } = await run(
      ...'unit show --app shop --user daemon --node /bin/true --hardening strict'.split(' '),
    )
    assert.match(text, /^# \/etc\/systemd\/system\/shop-worker@\.service\n\[Unit\]/)
    const file = join(directory, 'shop-worker@.service')
    await writeFile(file, text)
    const verified = await run('unit', 'verify', file)
    assert.equal(verified.code, 0, verified.text)
  })

  test('verifies by what systemd says, too', async () => {
    const file = join(directory, 'a.service')
    await writeFile(
      file,
      '[Service]\nType=notify\nUser=daemon\nExecStart=/no/such/program\nPrivateTmp=perhaps\n',
    )
    const { code, text } = await run('unit', 'verify', file)
    assert.equal(code, 1)
    assert.match(text, /^a\.service:5: error: systemd-analyze: .*perhaps$/m)
  })

  test('verifies without looking for programs on this machine, unless it is asked to, and names them once', async () => {
    const file = join(directory, 'a.service')
    const { text: unit } = await run(...'unit show --app a --user b --node /no/such --fixed'.split(' '))
    await writeFile(file, `${unit}[Service]\nExecStartPre=/no/such/other\n`)
    const here = await run('unit', 'verify', file)
    assert.deepEqual([here.code, here.text], [0, 'nothing to mend\n'])
    const { code, text } = await run('unit', 'verify', file, '--host')
    assert.equal(code, 1)
    assert.equal(text.match(/error: .*\/no\/such\b(?!\/)/g)?.length, 1, text)
    assert.match(text, /systemd-analyze: .*\/no\/such\/other is not executable/)
  })

  test('verifies each line once, as grave beside other flaws as alone', async () => {
    const file = join(directory, 'a.service')
    const lines = ['Type=notify', 'User=daemon', 'ExecStart=/bin/true', 'StandardError=syslog']
    const flawsOf = async (...more: readonly string[]) => {
      await writeFile(file, ['[Service]', ...lines, ...more, ''].join('\n'))
      const { text } = await run('unit', 'verify', file)
      return [...text.matchAll(/^a\.service:(\d+): (error|warning|note): /gm)].map(([, at, severity]) => [
        at,
        severity,
      ])
    }
    assert.deepEqual(await flawsOf(), [['5', 'warning']])
    assert.deepEqual(await flawsOf('SyslogIdentifer=x', 'ProtectClock=perhaps'), [
      ['6', 'error'],
      ['5', 'warning'],
      ['7', 'error'],
    ])
  })

  test('hides secrets in what it explains and verifies', async () => {
    const file = join(directory, 'a.service')
    const secret = 'sesame'
    await writeFile(
      file,
      [
        '[Service]',
        `Environment=REDIS_URL=redis://:${secret}@h/0 A=b "MASTER_KEY=x ${secret}" C=redis://u:p@${secret}@h`,
        `Environment=D=redis://:${secret}@h "`,
        `SetCredential=key:${secret}`,
        `ExecStart=/bin/env E=redis://:${secret}@h /bin/true --password ${secret}`,
        `redis://:${secret}@h`,
        '',
      ].join('\n'),
    )
    for (const [command, ...more] of [['explain'], ['explain', '--json'], ['verify'], ['verify', '--json']])
      assert.doesNotMatch((await run('unit', command!, file, ...more)).text, /sesame/)
    const { text } = await run('unit', 'explain', file)
    assert.match(text, /Environment=REDIS_URL=redis:\/\/\*\*\*@h\/0 A=b MASTER_KEY=\*\*\* C=redis:/)
  })

  test('says of a file that is no unit only that', async () => {
    const file = join(directory, 'Capfile')
    await writeFile(file, "require 'capistrano/setup'\nA=b\n")
    for (const command of ['explain', 'verify']) {
      const { code, text } = await run('unit', command, file)
      assert.equal(code, 1)
      assert.match(
        text,
        /^ *error: this is no unit file: it has no \[Section\]\n.*fix: .*\n\n?1 error, 0 warnings/,
      )
    }
  })

  test('says that a user is missing to root, who gave none', { skip: userInfo().uid !== 0 }, async () => {
    await assert.rejects(run(...'unit show --app shop'.split(' ')), {
      code: 'unit.root',
      message: /no --user was given, and you are root/,
    })
    assert.match((await run(...'unit show --app shop --manager user'.split(' '))).text, /\[Service\]/)
  })

  test('says that a stage has no worker to show a unit of', async () => {
    const services = { old: { type: 'sidekiq', unit: 'sidekiq.service' } }
    const deploy = { application: 'shop', stages: { production: { hosts: ['web-1'], services } } }
    const config = async () => ({ config: { deploy }, file: 'capstan.config.ts', directory: '.' })
    await assert.rejects(runIn({ ...session, config } as Session, 'unit', 'show', 'production'), {
      code: 'options.invalid',
      message: /stage production: no service of type "worker".*keeps its own unit/,
    })
  })

  test('looks at this machine when it is asked to', async () => {
    const file = join(directory, 'a.service')
    await writeFile(
      file,
      '[Service]\nType=exec\nUser=a\nExecStart=/no/such/program\nEnvironmentFile=/no/such/file\n',
    )
    const { text } = await run('unit', 'explain', file, '--host')
    assert.match(text, /there is no \/no\/such\/program on this machine/)
    assert.match(text, /there is no \/no\/such\/file on this machine/)
  })

  test('says what it left out for an old systemd, and refuses root', async () => {
    const words = 'unit show --app shop --user deploy --memory-max 1G --systemd-version 219'.split(' ')
    const { text } = await run(...words)
    assert.match(text, /MemoryLimit=1G/)
    assert.match(text, /OOMPolicy=continue is left out: systemd 219 is older than 243/)
    await assert.rejects(run(...'unit show --app shop --user root'.split(' ')), { code: 'unit.root' })
    assert.match((await run(...'unit show --app shop --user root --root'.split(' '))).text, /User=root/)
  })

  test('names a file that is not there, and is not content with an empty one', async () => {
    await assert.rejects(run('unit', 'explain', '/no/such'), { code: 'file.unreadable' })
    const empty = join(directory, 'empty.service')
    await writeFile(empty, '\n')
    for (const words of [
      ['unit', 'explain'],
      ['unit', 'verify'],
      ['sudoers', '--check'],
    ])
      await assert.rejects(run(...words, empty), { code: 'file.empty' })
  })
})

describe('capstan sudoers', () => {
  test('prints the rules of what was named', async () => {
    const { text } = await run(
      ...'sudoers --app shop --user deploy --service worker --unit sidekiq.service --regex'.split(' '),
    )
    assert.match(text, /^deploy ALL=\(root\) NOPASSWD: \/usr\/bin\/systemctl \^enable --now shop-worker@/m)
    assert.match(text, /NOPASSWD: \/usr\/bin\/systemctl restart sidekiq\.service$/m)
  })

  test("says why the article's line is root, and fails", async () => {
    const { code, text } = await run('sudoers', '--check', fixture('article-sudoers'))
    assert.equal(code, 1)
    assert.match(text, /^1: error: .*that is root/)
  })

  test('fails for what sudo cannot read, once a line, and asks visudo for what we can', async () => {
    const file = join(directory, 'sudoers')
    await writeFile(file, 'deploy ALL=(ALL NOPASSWD /bin/x\ncomplete rubbish\na ALL=/bin/x a:b\n')
    const { code, text } = await run('sudoers', '--check', file)
    assert.equal(code, 1)
    assert.match(
      text,
      /^1: error: sudo cannot read .*\n.*\n2: error: sudo cannot read .*\n.*\n3: error: visudo: /,
    )
    assert.match(text, /^3 errors, 0 warnings, 0 notes$/m)
  })
})

describe('the doctor', () => {
  function patient(answers: Readonly<Record<string, string>>, more: Partial<Patient> = {}): Patient {
    return {
      ...{ session, user: { name: 'deploy', uid: 1000 }, manager: 'system', environment: {} },
      run: async (argv) => {
        const stdout = answers[argv.slice(0, 3).join(' ')] ?? answers[argv[0]!]
        return stdout === undefined ? { code: 1, stdout: '', stderr: '' } : { code: 0, stdout, stderr: '' }
      },
      ...{ read: () => null, exists: () => true, list: () => [], ...more },
    }
  }
  const HEALTHY = {
    systemctl: 'running',
    'systemctl --version': 'systemd 252 (252.1)\n',
    timedatectl: 'yes\n',
    sudo: '    (root) NOPASSWD: /usr/bin/systemctl restart a.service\n',
    loginctl: 'yes\n',
  }
  const said = async (one: Patient) =>
    (await examine(one)).map(({ state, subject, what }) => `${state} ${subject}: ${what}`).join('\n')

  test('finds nothing to mend where all is well', async () => {
    const states = (await examine(patient(HEALTHY))).map(({ state }) => state)
    assert.deepEqual(
      states.filter((state) => state !== 'ok' && state !== 'note'),
      [],
    )
  })

  test('finds a clock that runs free, and a machine without systemd', async () => {
    assert.match(
      await said(patient({ ...HEALTHY, timedatectl: 'no\n' })),
      /^warning clock: not synchronised/m,
    )
    assert.match(await said(patient({})), /^warning systemd: systemd does not run this machine/m)
  })

  test("finds the article's sudo line", async () => {
    const answer = await said(patient({ ...HEALTHY, sudo: '    (ALL) NOPASSWD: /usr/bin/systemctl\n' }))
    assert.match(answer, /^error sudo: \/usr\/bin\/systemctl without arguments/m)
  })

  test("finds that a user's services would end with the login, and a session without a bus", async () => {
    const answer = await said(patient({ ...HEALTHY, loginctl: 'no\n' }, { manager: 'user' }))
    assert.match(answer, /^error linger: off for deploy/m)
    assert.match(answer, /^error XDG_RUNTIME_DIR: not set.*No medium found/m)
  })

  test('reads the units of workers, and leaves others alone', async () => {
    const units: Record<string, string> = {
      '/etc/systemd/system/sidekiq.service': '[Service]\nExecStart=/usr/bin/sidekiq\n',
      '/etc/systemd/system/cups.service': '[Service]\nExecStart=/usr/bin/cups\n',
    }
    const answer = await said(
      patient(HEALTHY, { list: () => Object.keys(units), read: (path) => units[path] ?? null }),
    )
    assert.match(answer, /^error \/etc\/systemd\/system\/sidekiq\.service: there is no User=/m)
    assert.doesNotMatch(answer, /cups/)
  })

  test('does not make a store by looking for one where nothing is configured', async () => {
    const bare = {
      ...session,
      config: async () => ({ config: {}, file: null, directory: '.' }),
      store: () => Promise.reject(new Error('it was opened')),
    } as Session
    assert.match(await said(patient(HEALTHY, { session: bare })), /^note store: not looked at/m)
  })

  test('asks sudo for each command that a deploy to this machine runs', async () => {
    const asked: string[] = []
    const deploy = {
      application: 'shop',
      stages: { production: { hosts: ['web-1'], services: { worker: { type: 'worker' } } } },
    }
    const configured = {
      ...session,
      config: async () => ({ config: { deploy }, file: 'capstan.config.ts', directory: '.' }),
    } as unknown as Session
    const healthy = patient(HEALTHY, { session: configured })
    const diagnoses = await examine({
      ...healthy,
      run: async (argv) => {
        if (argv[3] === undefined) return healthy.run(argv)
        asked.push(argv.slice(3).join(' '))
        return { code: argv.includes('restart') ? 1 : 0, stdout: '', stderr: '' }
      },
    })
    assert.ok(asked.includes('/usr/bin/systemctl enable --now shop-worker@00000000000000-0.service'))
    const refused = diagnoses.filter(({ subject }) => subject === 'sudo for production')
    assert.deepEqual(
      refused.map(({ what }) => what),
      ['not allowed without a password: /usr/bin/systemctl restart shop-worker@00000000000000-0.service'],
    )
  })

  test('names jobs that no worker knows, and whether another worker on their queue may', async () => {
    const store = memoryStore()
    await beat(store, { identity: 'h:1:a', queue: 'mail', unknown: ['Lost', 'Half'] })
    await beat(store, { identity: 'h:2:b', queue: 'mail', unknown: ['Lost'] })
    const shared = { ...session, store: async () => store } as Session
    const answer = await said(patient(HEALTHY, { session: shared }))
    assert.match(
      answer,
      /^warning jobs of class Lost on queue mail: not known to h:1:a, h:2:b, which gave back 6,/m,
    )
    assert.match(answer, /^note jobs of class Half on queue mail: .* gave back 3, .*; h:2:b may know them$/m)
  })

  test('names jobs whose queue no worker takes', async () => {
    await mkdir(join(directory, 'jobs'))
    const module = JSON.stringify(fileURLToPath(import.meta.resolve('../../client/define-job.ts')))
    const job = "defineJob({ name: 'Welcome', queue: 'mail', run() {} })"
    await writeFile(
      join(directory, 'jobs/mail.ts'),
      `import { defineJob } from ${module}\nexport const w = ${job}\n`,
    )
    const answer = (queues: readonly string[]) => {
      const config = async () => ({ config: { queues }, file: 'capstan.config.ts', directory })
      return said(patient(HEALTHY, { session: { ...session, config } as Session }))
    }
    assert.match(await answer(['default']), /^warning queues: job Welcome uses queue mail, which no worker/m)
    assert.doesNotMatch(await answer(['default', 'mail']), /queues/)
  })

  test('names job files that cannot be loaded, whatever the store says', async () => {
    await mkdir(join(directory, 'jobs'))
    await writeFile(join(directory, 'jobs/broken.ts'), 'export const = 1\n')
    const config = async () => ({ config: {}, file: 'capstan.config.ts', directory })
    const store = () => Promise.reject(new Error('nobody there'))
    const answer = await said(patient(HEALTHY, { session: { ...session, config, store } as Session }))
    assert.match(answer, /^error jobs: \S*jobs\/broken\.ts.* cannot be loaded: /m)
  })

  test('names what waits, and since when, where no worker runs that takes it', async () => {
    const store = memoryStore()
    const now = runtime.clock.now()
    const job = (jid: string, name: string) =>
      JSON.stringify({ jid, class: name, args: [], enqueued_at: now - 360_000 })
    const mail = { queue: 'mail', at: null }
    const lost = { queue: 'mail', payload: job('c', 'Lost'), at: now - 1_000 }
    const later = { queue: 'mail', payload: job('d', 'Later'), at: now + 1 }
    const jobs = [{ ...mail, payload: job('a', 'A') }, { ...mail, payload: job('b', 'A') }, lost, later]
    await store.push({ token: 't', now, jobs })
    const answer = () =>
      said(patient(HEALTHY, { session: { ...session, store: async () => store } as Session }))
    const alone = await answer()
    assert.match(alone, /^warning queue mail: 2 jobs waiting, the oldest for 6 min: no worker runs$/m)
    assert.match(alone, /^warning scheduled: 1 job due, the first for 1 s \(Lost\): no worker runs that/m)
    await beat(store, { identity: 'h:1:a', queue: 'other' })
    const served = await answer()
    assert.match(served, /^warning queue mail: .*: no worker that runs takes it$/m)
    assert.doesNotMatch(served, /scheduled/)
    await beat(store, { identity: 'h:2:b', queue: 'mail' })
    assert.doesNotMatch(await answer(), /mail/)
  })

  test('looks for a store that REDIS_PROVIDER names, without a configuration', async () => {
    const bare = { ...session, config: async () => ({ config: {}, file: null, directory: '.' }) } as Session
    const named = patient(HEALTHY, { session: bare, environment: { REDIS_PROVIDER: 'CLOUD_URL' } })
    assert.match(await said(named), /^ok store: memory/m)
  })

  test('tells for each warning of the store how to mend it', async () => {
    const warnings = [
      'the policy is lru: a full Redis deletes jobs (CONFIG SET maxmemory-policy noeviction)',
      '/srv/jobs.db can be read by other users, and payloads with it: chmod 600',
    ]
    const ping = async () => ({
      kind: 'redis',
      version: 'Redis 7',
      location: 'here',
      durability: '',
      warnings,
    })
    const worried = { ...session, store: async () => ({ ...memoryStore(), ping }) } as unknown as Session
    const found = (await examine(patient(HEALTHY, { session: worried }))).filter(
      ({ state }) => state === 'warning',
    )
    assert.deepEqual(
      found.map(({ what, fix }) => [what, fix]),
      [
        ['the policy is lru: a full Redis deletes jobs', 'CONFIG SET maxmemory-policy noeviction'],
        ['/srv/jobs.db can be read by other users, and payloads with it', 'chmod 600'],
      ],
    )
  })

  test('a store that takes no new job is an error, with the cure', async () => {
    const full = 'no new job is accepted: only 5 bytes are free for /srv/jobs.db (free some disk space)'
    const ping = async () => ({ ...(await memoryStore().ping()), faults: [full] })
    const store = async () => ({ ...memoryStore(), ping })
    const found = await examine(patient(HEALTHY, { session: { ...session, store } as Session }))
    assert.deepEqual(
      found.filter(({ state }) => state === 'error'),
      [
        {
          ...{ subject: 'store', state: 'error', fix: 'free some disk space' },
          what: 'no new job is accepted: only 5 bytes are free for /srv/jobs.db',
        },
      ],
    )
  })

  test('notes that no store was made yet, and makes none', async () => {
    const missing = new UsageError('store.missing', 'there is no store yet')
    const asked: unknown[] = []
    const store = (existing?: 'existing') => {
      asked.push(existing)
      return Promise.reject(missing)
    }
    const fresh = { ...session, store } as Session
    assert.match(await said(patient(HEALTHY, { session: fresh })), /^note store: there is no store yet/m)
    assert.deepEqual(new Set(asked), new Set(['existing']))
  })

  test('finds a store that does not answer', async () => {
    const broken = { ...session, store: () => Promise.reject(new Error('nobody there')) } as Session
    assert.match(await said(patient(HEALTHY, { session: broken })), /^error store: nobody there/m)
  })

  test('does not advise to start a store that refuses', async () => {
    const fixOf = async (retryable: boolean) => {
      const store = () => Promise.reject(new StoreError('store.not_stored', 'no', { retryable }))
      const found = await examine(patient(HEALTHY, { session: { ...session, store } as Session }))
      return found.find(({ subject }) => subject === 'store')!.fix!
    }
    assert.match(await fixOf(true), /^start it, or name the right one under "store"/)
    assert.match(await fixOf(false), /^mend that, or name the right one under "store"/)
  })
})
