import { rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Host } from '../host.ts'
import { DEPLOY_TO, type DeployScene, type Running, type Spoken } from './deploy-scene.ts'

const PHASES = ['prepare', 'migrate', 'start', 'publish', 'cutover', 'verify', 'finish']

/**
 * Gives the application hooks that are written as code.
 * @param hooks an object, as in `{ failed: [() => { throw new Error('x') }] }`
 * @param code what stands before it in the configuration
 */
export async function addHooks(scene: DeployScene, hooks: string, code = ''): Promise<void> {
  const file = join(scene.folder, 'capstan.config.ts')
  await rename(file, join(scene.folder, 'plain.config.ts'))
  await writeFile(
    file,
    `import plain from './plain.config.ts'\n${code}
export default { ...plain, deploy: { ...plain.deploy, hooks: ${hooks} } }\n`,
  )
}

/**
 * Gives the application hooks by which `heldAt` holds a deploy before a phase, and `failAt` lets it fail there. A hook
 * for deploys that failed fails itself.
 */
export async function addHolds(scene: DeployScene): Promise<void> {
  const hooks = PHASES.map((phase) => `'before:${phase}': [() => hold('${phase}')]`)
  const failed = "failed: [() => { throw new Error('the chat does not answer') }]"
  await addHooks(
    scene,
    `{ ${[...hooks, failed].join(', ')} }`,
    `
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const order = () => (existsSync('${orderFile(scene)}') ? readFileSync('${orderFile(scene)}', 'utf8') : '')

async function hold(phase) {
  if (order() === 'fail ' + phase) throw new Error('no toner before ' + phase)
  if (order() === phase) console.error('held at ' + phase)
  while (order() === phase) await sleep(50)
}
`,
  )
}

/** Starts a deploy, and waits until it stands before the phase; it goes on after `letGo`. */
export async function heldAt(scene: DeployScene, phase: string, ...words: string[]): Promise<Running> {
  await writeFile(orderFile(scene), phase)
  const deploying = scene.start('deploy', 'production', ...words)
  await deploying.says(new RegExp(`held at ${phase}`))
  return deploying
}

/** Runs a deploy of which a hook throws before the phase. */
export async function failAt(scene: DeployScene, phase: string): Promise<Spoken> {
  await writeFile(orderFile(scene), `fail ${phase}`)
  const answer = await scene.capstan('deploy', 'production')
  await letGo(scene)
  return answer
}

export async function letGo(scene: DeployScene): Promise<void> {
  await rm(orderFile(scene), { force: true })
}

/** Everything that a deploy has made on a host, with what it holds: two that are the same mean that nothing was changed. */
export function listing(host: Host): Promise<string> {
  // The lock says who held it last.
  const found = "find . -not -path ./.capstan/lock -printf '%p %y %m %u %T@ %l\\n' | sort"
  const sums = 'find . -type f -not -path ./.capstan/lock -exec cksum {} + | sort -k 3'
  return host.output(`cd ${DEPLOY_TO} && ${found} && ${sums}`)
}

/** Beside the application: it is not part of it. */
function orderFile(scene: DeployScene): string {
  return join(dirname(scene.folder), 'order')
}
