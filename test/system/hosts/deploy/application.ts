import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CAPSTAN } from '../worker-service.ts'

/** Where hosts keep compiled code, so that only the first process strips and compiles the source. */
export const COMPILED = '/var/cache/compiled'

/** What its jobs write, below `shared/`. */
export const DIARY = 'log/diary'

/**
 * Jobs that tell in the diary what became of them: when, the release they ran in, `began` or `ended`, and who.
 * `Break` is a job file that ends the process some time after it was loaded.
 */
const JOBS = `
import { appendFileSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineJob } from 'capstan'

const note = (words: string) =>
  appendFileSync('${DIARY}', [Date.now(), basename(process.cwd()), words].join(' ') + '\\n')

export const Nap = defineJob({
  name: 'Nap',
  async run([name, ms]: [string, number]) {
    note('began ' + name)
    await sleep(ms)
    note('ended ' + name)
  },
})
`

/** The parts of the configuration as they are written in there. */
export interface ApplicationConfig {
  readonly store: string
  /** ssh options. */
  readonly ssh: readonly string[]
  readonly hosts: readonly string[]
  /** Further settings of `deploy`, in place of those here. */
  readonly deploy: Readonly<Record<string, unknown>>
  /** Further settings beside `deploy`. */
  readonly config: Readonly<Record<string, unknown>>
}

/** Writes an application into a folder: a package, a configuration and jobs. */
export async function writeApplication(folder: string, config: ApplicationConfig): Promise<void> {
  await mkdir(join(folder, 'jobs'), { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }\n')
  await writeFile(join(folder, 'jobs/nap.ts'), JOBS)
  await writeFile(join(folder, 'capstan.config.ts'), configText(config))
}

function configText({ store, ssh, hosts, deploy, config }: ApplicationConfig): string {
  const settings = {
    application: 'shop',
    source: { upload: '.' },
    keep: 3,
    linkedDirs: ['log'],
    environment: { NODE_OPTIONS: '--conditions=capstan-source', NODE_COMPILE_CACHE: COMPILED },
    build: [`mkdir -p node_modules && ln -sfn ${CAPSTAN} node_modules/capstan`],
    soak: '1s',
    services: { worker: { type: 'worker', timeout: '60s' } },
    ssh,
    stages: { production: { hosts } },
    ...deploy,
  }
  const rest = JSON.stringify({ poll: '1s', ...config, deploy: settings }, null, 2).slice(1)
  return `export default {\n  store: ${store},${rest}\n`
}
