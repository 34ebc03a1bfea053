import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CapstanConfig } from '../../config/config.ts'
import type { DeploySettings } from '../../deploy/deploy-config.ts'
import { resolveStage } from '../../deploy/stage.ts'
import { requireLastingStore, stageStore } from './stage-store.ts'

function stageWith(config: CapstanConfig, settings: DeploySettings = {}) {
  const deploy = {
    application: 'shop',
    services: { worker: { type: 'worker' } },
    stages: { production: { hosts: ['web-1'] } },
    ...settings,
  } as const
  const stage = resolveStage(deploy, 'production')
  return [{ config, file: '/app/capstan.config.ts', directory: '/app' }, stage] as const
}

const refused = (config: CapstanConfig, settings?: DeploySettings) =>
  assert.throws(() => requireLastingStore(...stageWith(config, settings)), {
    code: 'deploy.store_in_release',
  })
const accepted = (config: CapstanConfig, settings?: DeploySettings) =>
  requireLastingStore(...stageWith(config, settings))

describe('a store that would stay behind in the release', () => {
  test('is refused: the default, a relative path, a path below current or a release', () => {
    refused({})
    refused({ store: { sqlite: './data/jobs.db' } })
    refused({ store: { sqlite: 'jobs.db' } }, { linkedDirs: ['data'] })
    refused({ store: { sqlite: '/var/www/shop/current/data/jobs.db' } })
    refused({ store: { sqlite: '/var/www/shop/releases/20260101000000/jobs.db' } })
  })

  test('is accepted when its folder is linked to shared', () => {
    accepted({}, { linkedDirs: ['.capstan'] })
    accepted({ store: { sqlite: 'data/store/jobs.db' } }, { linkedDirs: ['data'] })
    accepted({ store: { sqlite: '/var/www/shop/current/data/jobs.db' } }, { linkedDirs: ['data'] })
  })

  test('is accepted outside of the releases, in Redis, and where no worker of ours runs', () => {
    accepted({ store: { sqlite: '/var/www/shop/shared/jobs.db' } })
    accepted({ store: { redis: 'redis://cache:6379' } })
    accepted({}, { environment: { REDIS_URL: 'redis://cache:6379' } })
    accepted({}, { services: { sidekiq: { type: 'sidekiq' } } })
  })

  test('is not judged where a file on the host may name another', () => {
    accepted({}, { services: { worker: { type: 'worker', environmentFiles: ['/etc/shop.env'] } } })
    accepted({}, { services: { worker: { type: 'worker', credentials: { REDIS_URL: '/etc/shop/redis' } } } })
    refused({}, { services: { worker: { type: 'worker', credentials: { STRIPE: '/etc/shop/stripe' } } } })
  })
})

test('the Redis of a stage is known with its login, but not behind sentinels or a socket', () => {
  const stage = (url: string) => stageStore(...stageWith({ store: { redis: url } }))
  assert.deepEqual(stage('rediss://ada:secret@cache:6380/2'), {
    kind: 'redis',
    address: { host: 'cache', port: 6380, username: 'ada', password: 'secret', isTls: true },
  })
  assert.deepEqual(stage('unix:///run/redis.sock'), { kind: 'redis', address: null })
})
