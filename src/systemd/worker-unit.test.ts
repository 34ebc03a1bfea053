import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkUnit } from './check-unit.ts'
import { findDirective, NEWEST_SYSTEMD, neededVersion, OLDEST_SYSTEMD } from './directives.ts'
import { parseUnit } from './parse-unit.ts'
import { renderUnit } from './render-unit.ts'
import { timeSpanMs } from './time-span.ts'
import { entriesOf, listOf, settingOf } from './unit.ts'
import { splitWords } from './unit-words.ts'
import { workerUnit, workerUnitName } from './worker-unit.ts'
import type { WorkerUnitOptions } from './worker-unit-options.ts'

const OPTIONS: WorkerUnitOptions = {
  application: 'shop',
  service: 'worker',
  deployTo: '/var/www/shop',
  user: 'deploy',
  manager: 'system',
  node: '/usr/bin/node',
  shape: 'template',
  timeoutMs: 25_000,
}

const VARIANTS = (['template', 'fixed'] as const).flatMap((shape) =>
  (['system', 'user'] as const).flatMap((manager) =>
    (['off', 'basic', 'strict'] as const).map((hardening) => ({ ...OPTIONS, shape, manager, hardening })),
  ),
)

describe("a worker's unit", () => {
  test('runs an instance in its release, or a fixed one in current', () => {
    const fixed = { ...OPTIONS, shape: 'fixed' as const }
    assert.deepEqual(
      [OPTIONS, fixed].map((options) => [
        workerUnitName(options),
        settingOf(workerUnit(options), 'Service', 'WorkingDirectory'),
        settingOf(workerUnit(options), 'Service', 'ExecStart'),
      ]),
      [
        [
          'shop-worker@.service',
          '/var/www/shop/.capstan/instances/%i',
          '/usr/bin/node /var/www/shop/.capstan/instances/%i/node_modules/capstan/bin/capstan.cjs work',
        ],
        [
          'shop-worker.service',
          '/var/www/shop/current',
          '/usr/bin/node /var/www/shop/current/node_modules/capstan/bin/capstan.cjs work',
        ],
      ],
    )
  })

  for (const options of VARIANTS) {
    const { shape, manager, hardening } = options
    test(`is clean for our own checks (${shape}, ${manager}, ${hardening})`, () => {
      const { text, notes } = renderUnit(workerUnit(options), { manager })
      assert.deepEqual(notes, [])
      assert.deepEqual(checkUnit(parseUnit(text), { manager }), [])
    })
  }

  test('gives the worker more time to stop than the worker gives its jobs', () => {
    for (const timeoutMs of [0, 25_000, 90_500, 3_600_000]) {
      const stop = settingOf(workerUnit({ ...OPTIONS, timeoutMs }), 'Service', 'TimeoutStopSec')
      assert.ok(timeSpanMs(stop!)! >= timeoutMs + 10_000)
    }
  })

  test('gives a crash loop up, however long each start and stop takes', () => {
    for (const timeoutMs of [0, 25_000, 600_000]) {
      const unit = workerUnit({ ...OPTIONS, timeoutMs })
      const span = (name: string) => timeSpanMs(settingOf(unit, 'Service', name)!)!
      const cycle = span('RestartSec') + span('TimeoutStartSec') + span('TimeoutStopSec')
      const burst = Number(settingOf(unit, 'Unit', 'StartLimitBurst'))
      const interval = timeSpanMs(settingOf(unit, 'Unit', 'StartLimitIntervalSec')!)!
      assert.ok(interval >= burst * cycle)
    }
  })

  test('ends a hung worker before its lease of 60 s is over', () => {
    assert.ok(timeSpanMs(settingOf(workerUnit(OPTIONS), 'Service', 'WatchdogSec')!)! <= 30_000)
  })

  for (const user of [undefined, '', 'root', '0']) {
    test(`is refused for the user ${JSON.stringify(user)} unless root is said to be wanted`, () => {
      const { user: _, ...without } = OPTIONS
      const options = { ...without, ...(user === undefined ? {} : { user }) }
      assert.throws(() => workerUnit(options), { code: 'unit.root' })
      if (user) assert.equal(settingOf(workerUnit({ ...options, allowRoot: true }), 'Service', 'User'), user)
    })
  }

  test('says nothing about users and networks in the manager of a user', () => {
    const unit = workerUnit({ ...OPTIONS, manager: 'user', hardening: 'strict' })
    const names = unit.sections.flatMap(({ entries }) => entries.map(({ name }) => name))
    assert.deepEqual(
      ['User', 'After', 'PrivateTmp', 'ProtectSystem', 'CapabilityBoundingSet'].filter((name) =>
        names.includes(name),
      ),
      [],
    )
    assert.equal(settingOf(unit, 'Install', 'WantedBy'), 'default.target')
  })

  test('keeps texts as they are, whatever systemd would make of them', () => {
    const unit = workerUnit({
      ...OPTIONS,
      deployTo: '/srv/100% shop',
      options: ['--tag', 'a "b" $HOME; %n \\'],
      environment: { GREETING: 'hello "you" 5%' },
    })
    const words = splitWords(settingOf(unit, 'Service', 'ExecStart')!)!
    assert.deepEqual(words.slice(1), [
      '/srv/100%% shop/.capstan/instances/%i/node_modules/capstan/bin/capstan.cjs',
      ...['work', '--tag', 'a "b" $$HOME; %%n \\'],
    ])
    const environment = listOf(unit, 'Service', 'Environment').map(({ value }) => splitWords(value))
    assert.deepEqual(environment, [['NODE_ENV=production'], ['GREETING=hello "you" 5%%']])
    assert.equal(settingOf(unit, 'Service', 'WorkingDirectory'), '/srv/100%% shop/.capstan/instances/%i')
  })

  for (const [what, options] of [
    ['a line break in an option', { options: ['a\nUser=root'] }],
    ['a line break in a variable', { environment: { A: 'b\nUser=root' } }],
    ['a line break in a path', { deployTo: '/srv/a\nUser=root' }],
    ['a relative path', { deployTo: 'srv' }],
    ['a path that would continue the line', { environmentFiles: ['/etc/a\\'] }],
    ['a relative node', { node: 'node' }],
    ['a variable in the path of node', { node: '/opt/$X/node' }],
    ['a name with a slash', { application: 'a/b' }],
    ['a name with a space', { service: 'a b' }],
    ['a user with a space', { user: 'a b' }],
    ['a size that is none', { memoryMax: 'much' }],
    ['a credential whose name has a colon', { credentials: { 'a:b': '/etc/a' } }],
  ] as const) {
    test(`is refused with ${what}`, () => {
      assert.throws(() => renderUnit(workerUnit({ ...OPTIONS, ...options })), { code: 'unit.value' })
    })
  }

  test('has secrets, files, a limit and a Node of the release when they are asked for', () => {
    const unit = workerUnit({
      ...OPTIONS,
      node: 'release',
      memoryMax: '500M',
      environmentFiles: ['-/etc/default/shop'],
      credentials: { 'master.key': '/etc/shop/master.key' },
    })
    const value = (name: string) => settingOf(unit, 'Service', name)
    assert.deepEqual(
      [value('MemoryMax'), value('EnvironmentFile'), value('LoadCredential')],
      ['500M', '-/etc/default/shop', 'master.key:/etc/shop/master.key'],
    )
    assert.match(
      value('ExecStart')!,
      /^\/var\/www\/shop\/\.capstan\/instances\/%i\/node_modules\/node\/bin\/node /,
    )
  })

  test('hides homes, except where code or data lie in one', () => {
    const home = (options: Partial<WorkerUnitOptions>) =>
      settingOf(workerUnit({ ...OPTIONS, hardening: 'strict', ...options }), 'Service', 'ProtectHome')
    assert.deepEqual(
      [home({}), home({ deployTo: '/home/a/shop' }), home({ node: '/home/a/.nvm/node' })],
      ['yes', 'read-only', 'read-only'],
    )
  })
})

describe('rendering', () => {
  const strict = workerUnit({
    ...OPTIONS,
    hardening: 'strict',
    memoryMax: '1G',
    credentials: { key: '/etc/key' },
  })

  for (let version = OLDEST_SYSTEMD; version <= NEWEST_SYSTEMD; version++) {
    test(`for systemd ${version} writes nothing that it does not know`, () => {
      const { text, notes } = renderUnit(strict, { systemdVersion: version })
      const { unit } = parseUnit(text)
      const tooNew = unit.sections.flatMap(({ name: section, entries }) =>
        entries.filter(({ name, value }) => neededVersion(findDirective(section, name)!, value) > version),
      )
      assert.deepEqual(tooNew, [])
      const dropped = strict.sections.flatMap(({ entries }) => [...entries]).length
      const kept = unit.sections.flatMap(({ entries }) => [...entries]).length
      const moved = notes.filter((note) => note.includes('is written as')).length
      assert.equal(dropped - kept, notes.length - moved)
    })
  }

  test('keeps the start limit on a systemd that has it elsewhere', () => {
    const { text, notes } = renderUnit(strict, { systemdVersion: 219 })
    const { unit } = parseUnit(text)
    assert.deepEqual(
      ['StartLimitInterval', 'StartLimitBurst', 'MemoryLimit'].map((name) =>
        settingOf(unit, 'Service', name),
      ),
      ['953', '10', '1G'],
    )
    assert.ok(entriesOf(unit, 'Unit').every(({ name }) => !name.startsWith('StartLimit')))
    assert.ok(notes.includes('LoadCredential=key:/etc/key is left out: systemd 219 is older than 247'))
  })

  test('leaves nothing out for a new systemd', () => {
    assert.deepEqual(renderUnit(strict, { systemdVersion: 252 }).notes, [])
  })

  test('knows every directive that it writes, and why', () => {
    const missing = strict.sections.flatMap(({ name: section, entries }) =>
      entries.filter(
        ({ name }) => section !== 'Install' && name !== 'Description' && !findDirective(section, name)?.why,
      ),
    )
    assert.deepEqual(missing, [])
  })
})
