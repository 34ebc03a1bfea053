import { checkDeployConfig } from '../deploy/check-deploy-config.ts'
import { checkQueueName } from '../job/definition.ts'
import { listOf, refuseUnknown, that } from '../kernel/check.ts'
import { durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import type { CapsuleInfo } from '../store/worker-record.ts'
import { checkUnknownJobRule } from '../worker/unknown-job-rule.ts'
import type { CapstanConfig, QueuesConfig } from './config.ts'

const DEFAULT_CONCURRENCY = 10

const KEYS = [
  'sidekiqYml',
  'store',
  'jobs',
  'queues',
  'concurrency',
  'capsules',
  'timeout',
  'poll',
  'unknownJobs',
  'clientMiddleware',
  'workerMiddleware',
  'deathHandlers',
  'tag',
  'labels',
  'deploy',
] as const satisfies ReadonlyArray<keyof CapstanConfig>

const areFunctions = listOf(that('a function', (value) => typeof value === 'function'))

/**
 * Checks a configuration that may come from plain JavaScript.
 * @param file named in the errors
 * @throws UsageError `config.invalid` or `options.unknown`, with the path of the key, what was expected and what is there
 */
export function checkConfig(config: unknown, file: string): CapstanConfig {
  if (typeof config !== 'object' || config === null) {
    throw new UsageError(
      'config.invalid',
      `${file}: expected an object as its default export; write export default defineConfig({ … })`,
    )
  }
  refuseUnknown(Object.keys(config), KEYS, file)
  const checked = config as CapstanConfig
  if (checked.store !== undefined) checkStore(checked.store, file)
  if (checked.timeout !== undefined) durationMs(checked.timeout, `${file}: timeout`)
  if (checked.poll !== undefined) durationMs(checked.poll, `${file}: poll`)
  if (checked.unknownJobs !== undefined) checkUnknownJobRule(checked.unknownJobs, `${file}: unknownJobs`)
  if (checked.deathHandlers !== undefined) areFunctions(checked.deathHandlers, `${file}: deathHandlers`)
  if (checked.sidekiqYml !== undefined && typeof checked.sidekiqYml !== 'string') {
    throw new UsageError(
      'config.invalid',
      `${file}: sidekiqYml: expected a path such as 'config/sidekiq.yml'`,
    )
  }
  if (checked.deploy !== undefined) checkDeployConfig(checked.deploy, `${file}: deploy`)
  capsulesOf(checked, file)
  return checked
}

/** The capsules that a configuration asks for; `default` holds `queues` and `concurrency`. */
export function capsulesOf(config: CapstanConfig, file = 'configuration'): CapsuleInfo[] {
  const main = {
    queues: config.queues ?? ['default'],
    concurrency: config.concurrency ?? DEFAULT_CONCURRENCY,
  }
  const capsules = [capsule('default', main, file)]
  for (const [name, more] of Object.entries(config.capsules ?? {})) {
    refuseUnknown(Object.keys(more), ['queues', 'concurrency'], `${file}: capsule ${name}`)
    capsules.push(capsule(name, more, file))
  }
  return capsules
}

function capsule(
  name: string,
  { queues, concurrency }: { queues: QueuesConfig; concurrency: number },
  file: string,
): CapsuleInfo {
  const where = `${file}: capsule ${name}`
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new UsageError(
      'config.invalid',
      `${where}: concurrency: expected a whole number from 1, got ${JSON.stringify(concurrency)}`,
    )
  }
  const strict = Array.isArray(queues)
  const weights = strict
    ? Object.fromEntries(queues.map((queue) => [queue, 0]))
    : { ...(queues as Record<string, number>) }
  const names = Object.keys(weights)
  if (names.length === 0) throw new UsageError('config.invalid', `${where}: queues: expected at least one`)
  for (const queue of names) checkQueueName(queue, `${where}: queues`)
  return { name, concurrency, mode: modeOf(strict, Object.values(weights)), weights }
}

function modeOf(strict: boolean, weights: readonly number[]): CapsuleInfo['mode'] {
  if (strict || weights.every((weight) => weight === 0)) return 'strict'
  return weights.every((weight) => weight === 1) ? 'random' : 'weighted'
}

function checkStore(store: unknown, file: string): void {
  const keys = typeof store === 'object' && store !== null ? Object.keys(store) : []
  refuseUnknown(keys, ['redis', 'sqlite'], `${file}: store`)
  if (keys.length !== 1) {
    throw new UsageError(
      'config.invalid',
      `${file}: store: expected { redis: 'redis://…' } or { sqlite: 'path/of/file.db' }`,
    )
  }
}
