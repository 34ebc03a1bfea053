import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RemoteShell } from '../../remote/transport.ts'
import type { DeploySettings } from '../deploy-config.ts'
import { rightsOf, servicesOn } from '../services/service.ts'
import { resolveStage, type Stage } from '../stage.ts'
import type { PreflightFacts } from './preflight-facts.ts'
import { problemsOf } from './preflight-problems.ts'

const ready: PreflightFacts = {
  ...{ user: 'deploy', clock: 0, root: 'writable', freeBytes: 2 ** 30, skewMs: 0, systemd: 252 },
  ...{ current: { kind: 'none' }, hasStaleLink: false, missingFiles: [], missingPrograms: [] },
  ...{ unfinished: null, closed: null, lingers: false, releases: [], refused: [] },
  nodes: [{ path: '/usr/bin/node', version: '24.0.0' }],
  units: [],
}

function stageOf(settings: DeploySettings, host = 'web-1'): Stage {
  return resolveStage({ application: 'shop', ...settings, stages: { live: { hosts: [host] } } }, 'live')
}

function problems(stage: Stage, changes: Partial<PreflightFacts>) {
  const shell = undefined as unknown as RemoteShell
  return problemsOf(stage, { ...stage.hosts[0]!, shell }, { ...ready, ...changes })
}

describe('what stops a deploy', () => {
  const worker = stageOf({ services: { worker: { type: 'worker' } } })
  const rights = servicesOn(worker, worker.hosts[0]!).flatMap((service) => rightsOf(service))
  const ofSudo = (refused: typeof rights) =>
    problems(worker, { refused }).filter(({ what }) => what.includes('sudo'))

  test('is one line for a worker without any rule of sudo', () => {
    const [only, ...more] = ofSudo(rights)
    assert.match(only?.what ?? '', /^sudo rules for 6 commands are missing$/)
    assert.match(only?.fix ?? '', /^capstan setup live installs them/)
    assert.deepEqual(more, [])
  })

  test('is each command by the name of the template, when only some rules are missing', () => {
    const found = ofSudo(rights.slice(0, 2))
    assert.equal(found.length, 2)
    for (const { what } of found) assert.match(what, / shop-worker@\.service$/)
  })

  test('never names an instance that does not exist', () => {
    const told = JSON.stringify(problems(worker, { refused: rights }))
    assert.match(told, /unit shop-worker@\.service is not installed/)
    assert.doesNotMatch(told, /00000000000000-0/)
  })

  test('is a folder of somebody else, with the command that an administrator has to run', () => {
    assert.deepEqual(problems(worker, { root: 'readonly' })[0], {
      host: 'web-1',
      what: 'deploy may not write to /var/www/shop',
      fix: 'as root: chown deploy: /var/www/shop',
    })
    assert.match(problems(worker, { root: 'absent' })[0]?.fix ?? '', /^run capstan setup live/)
  })

  test('is mended by the command that brings a linked file there', () => {
    const fixOf = (settings: DeploySettings, host?: string) =>
      problems(stageOf(settings, host), { missingFiles: [0] })[0]?.fix.split('then: ')[1]
    assert.equal(fixOf({ linkedFiles: ['.env'] }), 'scp .env deploy@web-1:/var/www/shop/shared/.env')
    assert.equal(
      fixOf({ linkedFiles: ['a b.json'], ssh: ['-F', 'ssh/config'] }, 'ada@web-1:2222'),
      "scp -F ssh/config -P 2222 'a b.json' 'deploy@web-1:/var/www/shop/shared/a b.json'",
    )
  })
})
