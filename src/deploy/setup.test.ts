import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DeploySettings } from './deploy-config.ts'
import { onEach } from './fleet.ts'
import { setupFacts, systemFiles } from './setup.ts'
import { resolveStage } from './stage.ts'

/** The lines of the unit that a worker gets on a host with Node in /opt. */
function unitLines(settings: DeploySettings): string[] {
  const stages = { production: { hosts: ['web-1'] } }
  const stage = resolveStage(
    { application: 'shop', deployTo: '/srv/shop', ...settings, stages },
    'production',
  )
  const facts = { systemd: 252, sudo: [1, 9, 13], node: '/opt/node' }
  const [unit] = systemFiles(stage, { host: stage.hosts[0]!, user: 'deploy', facts })
  assert.equal(unit?.path, '/etc/systemd/system/shop-worker@.service')
  return unit.text.split('\n')
}

describe('the unit of a worker', () => {
  test('tells the worker the time to stop that it was made for', () => {
    const lines = unitLines({
      services: { worker: { type: 'worker', timeout: '60s', options: ['--concurrency', '3'] } },
    })
    const start = lines.find((line) => line.startsWith('ExecStart='))
    assert.match(start ?? '', /^ExecStart=\/opt\/node \S+ work --timeout 60000ms --concurrency 3$/)
    assert.ok(lines.includes('TimeoutStopSec=70'))
  })

  test('finds the environment of the release, below what the service asks for', () => {
    const lines = unitLines({ services: { worker: { type: 'worker', environmentFiles: ['/etc/shop.env'] } } })
    assert.deepEqual(
      lines.filter((line) => line.startsWith('EnvironmentFile=')),
      [
        'EnvironmentFile=-/srv/shop/.capstan/instances/%i/.capstan-environment',
        'EnvironmentFile=/etc/shop.env',
      ],
    )
  })

  test('runs the Node of the release where that is wanted', () => {
    const lines = unitLines({ node: 'release', services: { worker: { type: 'worker' } } })
    const start = lines.find((line) => line.startsWith('ExecStart='))
    assert.match(
      start ?? '',
      /^ExecStart=\/srv\/shop\/\.capstan\/instances\/%i\/node_modules\/node\/bin\/node /,
    )
  })
})

const shellThatSays = (stdout: string) => ({
  run: async () => ({ exitCode: 0, stdout, stderr: '', durationMs: 0 }),
})

test('a host without a worker service needs no Node, and sudo lets no program be quieted but workers', async () => {
  const services = {
    sidekiq: { type: 'sidekiq' },
    puma: { type: 'unit', unit: 'puma.service' },
  } as const
  const stages = { production: { hosts: ['web-1'] } }
  for (const settings of [{ services }, {}]) {
    const stage = resolveStage({ application: 'shop', ...settings, stages }, 'production')
    const facts = await setupFacts(stage, stage.hosts[0]!, shellThatSays('systemd\t252\n'))
    assert.deepEqual(facts, { systemd: 252, sudo: null, node: '' })
    const files = systemFiles(stage, { host: stage.hosts[0]!, user: 'deploy', facts })
    const quiets = files.flatMap(({ text }) => text.match(/kill .*/g) ?? [])
    assert.deepEqual(quiets, 'services' in settings ? ['kill --kill-who\\=main -s TSTP sidekiq.service'] : [])
  }
})

test('hosts without a Node that is new enough are each named once, and what was found there', async () => {
  const stage = resolveStage(
    {
      ...{
        application: 'shop',
        deployTo: '/srv/shop',
        services: { worker: { type: 'worker', roles: ['app'] } },
      },
      stages: { production: { hosts: ['web-1', 'web-2', 'web-3', { host: 'db-1', roles: ['db'] }] } },
    },
    'production',
  )
  const said = new Map([
    ['web-1', 'systemd\t252\n'],
    ['web-2', 'systemd\t252\n'],
    ['web-3', 'node\tv20.1.0 /usr/bin/node\n'],
    ['db-1', 'systemd\t252\n'],
  ])
  const facts = onEach(stage.hosts, (host) => setupFacts(stage, host, shellThatSays(said.get(host.name)!)))
  const lacking = (found: string) =>
    `no Node 22.18 or newer was found (found: ${found}); install one, or say node: 'release'`
  await assert.rejects(facts, {
    code: 'deploy.preflight',
    message: `web-1, web-2: ${lacking('none')}\nweb-3: ${lacking('20.1.0 at /usr/bin/node')}`,
  })
})
