import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { type CheckOptions, checkUnit } from './check-unit.ts'
import { explainUnit } from './explain-unit.ts'
import { parseUnit } from './parse-unit.ts'
import { timeSpanMs } from './time-span.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')

const found = (text: string, options?: CheckOptions) =>
  checkUnit(parseUnit(text), options).map(({ severity, line, what }) => `${severity} ${line}: ${what}`)

function assertFound(text: string, expected: readonly RegExp[]): void {
  const all = found(text)
  for (const form of expected)
    assert.ok(
      all.some((line) => form.test(line)),
      `${form} in\n${all.join('\n')}`,
    )
}

/** A unit with which nothing is wrong, and one line more or less. */
const GOOD = {
  Unit: [
    ...['After=network-online.target', 'Wants=network-online.target'],
    ...['StartLimitIntervalSec=600', 'StartLimitBurst=5'],
  ],
  Service: [
    ...['Type=notify', 'User=deploy', 'WorkingDirectory=/var/www/shop/current'],
    'ExecStart=/usr/bin/node /var/www/shop/current/node_modules/capstan/bin/capstan.cjs work',
    ...[
      'ExecReload=/bin/kill -TSTP $MAINPID',
      'TimeoutStopSec=40',
      'Restart=always',
      'RestartSec=2',
      'WatchdogSec=30',
    ],
  ],
  Install: ['WantedBy=multi-user.target'],
}

function changed(...lines: readonly string[]): string {
  const given = new Set(lines.map((line) => line.split('=')[0]))
  const kept = GOOD.Service.filter((line) => !given.has(line.split('=')[0]))
  const service = [...kept, ...lines.filter((line) => !line.endsWith('=NONE'))]
  return Object.entries({ ...GOOD, Service: service })
    .map(([name, entries]) => `[${name}]\n${entries.join('\n')}\n`)
    .join('')
}

describe('checking', () => {
  test('finds nothing in a good unit', () => assert.deepEqual(found(changed()), []))

  test('takes 0 and infinity as no limit, as systemd does', () => {
    for (const span of ['0', 'infinity']) assert.deepEqual(found(changed(`TimeoutStopSec=${span}`)), [])
  })

  test("names what is wrong with the article's unit, the missing user first", () => {
    assert.match(
      found(fixture('article-sidekiq.service'))[0]!,
      /^error null: there is no User=, which means root/,
    )
    assertFound(fixture('article-sidekiq.service'), [
      /^warning 7: WatchdogSec=10/,
      /^warning 9: a login shell/,
      /^warning 12: 5 starts in 10 s are never reached with 3 s/,
      /^note 3: syslog\.target/,
      /^note null: TimeoutStopSec= is not said, so 90 s hold; the worker gives its jobs 25 s/,
      /^note 9: the program belongs to a version manager/,
    ])
  })

  test("names the empty user and the missing reload of the plugin's unit", () => {
    assertFound(fixture('plugin-sidekiq.service'), [
      /^error 8: User= is empty, which means root/,
      /^warning null: there is no ExecReload=.*"Job type reload is not applicable"/,
      /^warning 12: RAILS_MASTER_KEY looks like a secret/,
      /^note 15: StandardOutput=append:/,
    ])
  })

  for (const [lines, form] of [
    [['User=NONE'], /^error null: there is no User=/],
    [['User='], /^error \d+: User= is empty/],
    [['User=root'], /^error \d+: it runs as root/],
    [['Type=NONE'], /^warning null: Type=simple: `systemctl start` succeeds before/],
    [['Type=exec'], /^warning \d+: Type=exec/],
    [['Type=forking', 'PIDFile=/run/a.pid'], /daemonize/],
    [['Type=notfy'], /is none that systemd knows/],
    [['ExecStart=NONE'], /^error null: there is no ExecStart=/],
    [['ExecStart=node work'], /"node" has no absolute path/],
    [['ExecStart=~/bin/capstan work'], /knows no ~/],
    [['ExecStart=/usr/bin/node "a'], /quote in ExecStart= is not closed/],
    [['ExecStart=/usr/bin/capstan work >> /var/log/a'], /">>" is for a shell/],
    [['ExecStart=/bin/sh -c "capstan work"'], /the shell stays the main process/],
    [['ExecStart=/usr/bin/nohup /usr/bin/capstan work'], /into the background/],
    [['ExecStart=/usr/bin/sidekiq -d'], /Sidekiq 6 has no -d any more/],
    [['ExecReload=NONE'], /^warning null: there is no ExecReload=/],
    [['ExecReload=/bin/kill -TSTP 1'], /something other than the main process/],
    [['TimeoutStopSec=25'], /^error \d+: TimeoutStopSec=25: systemd kills the worker before/],
    [
      ['TimeoutStopSec=NONE', 'ExecStart=/usr/bin/capstan work -t 2m'],
      /^error null: TimeoutStopSec= is not said, so 90 s/,
    ],
    [['ExecStart=/usr/bin/sidekiq -t 60'], /before its own 60 s/],
    [['Restart=NONE'], /^warning null: there is no Restart=/],
    [['RestartSec=600'], /are never reached/],
    [['WatchdogSec=3'], /one pause that long/],
    [['WatchdogSec=90'], /not below the lease/],
    [['WatchdogSec=soon'], /WatchdogSec=soon is no time span/],
    [['Type=simple'], /WatchdogSec= kills a program that does not say/],
    [['KillMode=process'], /leaves processes behind/],
    [['KillSignal=SIGKILL'], /no time to hand its jobs back/],
    [['WorkingDirectory=NONE'], /there is no WorkingDirectory=/],
    [['WorkingDirectory=current'], /no absolute path/],
    [['WorkingDirectory=/srv/releases/20261124103000'], /names one release/],
    [['EnvironmentFile=.env'], /EnvironmentFile=\.env is no absolute path/],
    [['Environment=DATABASE_URL=postgres://a:b@c/d'], /DATABASE_URL looks like a secret/],
    [['StandardError=syslog'], /^warning \d+: StandardError=syslog is gone/],
    [['MemoryDenyWriteExecute=yes'], /^error \d+: it kills Node/],
    [['RestrictAddressFamilies=AF_INET'], /without AF_NETLINK/],
    [['ProtectProc=invisible'], /taken for dead/],
    [['ProcSubset=pid'], /taken for dead/],
    [['ResartSec=2'], /^error \d+: ResartSec= is not known/],
  ] as const) {
    test(`finds ${lines.join(', ')}`, () => assertFound(changed(...lines), [form]))
  }

  test('finds what is not enabled, and a target that a user does not have', () => {
    assertFound(changed().replace('WantedBy=multi-user.target', ''), [/^warning null: there is no WantedBy=/])
    assert.match(
      found(changed('User=NONE'), { manager: 'user' }).join('\n'),
      /error \d+: a user's manager has no multi-user/,
    )
  })

  test('refuses User= in the manager of a user', () => {
    assert.match(found(changed(), { manager: 'user' }).join('\n'), /216\/GROUP/)
  })

  test('finds a start limit that is switched off', () => {
    assertFound(changed().replace('StartLimitIntervalSec=600', 'StartLimitIntervalSec=0'), [
      /the start limit is off/,
    ])
  })

  test('says where a directive belongs that stands in the wrong section, and the nearest name', () => {
    const { unit, findings } = parseUnit('[Service]\nUser=a\nWantedBy=multi-user.target\nRestrat=always\n')
    const fixes = checkUnit({ unit, findings }).map(({ fix }) => fix)
    assert.ok(fixes.includes('did you mean WantedBy= in [Install]?'))
    assert.ok(fixes.includes('did you mean Restart=?'))
  })

  test('finds a section that is spelt wrongly, and leaves those of other kinds of units alone', () => {
    assertFound('[Service]\nUser=a\n[Instal]\nWantedBy=multi-user.target\n', [
      /^error 4: \[Instal\] is no section that systemd knows/,
    ])
    for (const section of ['Path', 'Mount', 'Automount', 'Slice', 'Scope', 'Swap', 'X-Service'])
      assert.deepEqual(found(`[${section}]\nA=b\n`), [])
  })

  test('finds what the systemd of the host is too old for', () => {
    assert.match(
      found(changed('StandardOutput=append:/a'), { systemdVersion: 239 }).join('\n'),
      /append:\/a needs systemd 240/,
    )
  })

  test('leaves other kinds of units to their own', () => {
    assert.deepEqual(
      found('[Unit]\nDescription=x\n[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n'),
      [],
    )
    assert.deepEqual(found('[Mount]\nWhat=/dev/a\n[X-Mine]\nA=b\n'), [])
  })
})

test('every line of a unit is explained, with why a worker has it', () => {
  const lines = explainUnit(parseUnit(fixture('article-sidekiq.service')).unit)
  assert.equal(lines.length, 11)
  assert.deepEqual(
    lines.filter(({ meaning }) => meaning.startsWith('Not known')),
    [],
  )
  const reload = lines.find(({ name }) => name === 'ExecReload')
  assert.match(reload?.why ?? '', /TSTP makes the worker quiet/)
})

test('what is not known is said so, with what may have been meant', () => {
  const [unknown, other, own] = explainUnit(
    parseUnit('[Service]\nRestrat=no\n[Swap]\nWhat=x\n[X-A]\nB=c').unit,
  )
  assert.match(unknown!.meaning, /Did you mean Restart=\?/)
  assert.match(other!.meaning, /Of \[Swap\]/)
  assert.match(own!.meaning, /systemd ignores it/)
})

test('time spans are read as systemd reads them', () => {
  const spans = ['90', '1min 30s', '1m30s', '2h', '500ms', 'infinity', '1.5s', 'soon', '', '5 parsecs']
  assert.deepEqual(spans.map(timeSpanMs), [
    90_000,
    90_000,
    90_000,
    7_200_000,
    500,
    Number.POSITIVE_INFINITY,
    1_500,
    null,
    null,
    null,
  ])
})
