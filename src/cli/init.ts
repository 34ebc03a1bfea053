import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const CONFIG = `import { defineConfig } from 'capstan'

export default defineConfig({
  // Without a store: Redis at $REDIS_URL when that is set, else SQLite in .capstan/jobs.db
  queues: ['default'], // add those of your jobs: a job with queue: 'mail' waits until a worker takes 'mail'
  concurrency: 10,
})
`

const JOB = `import { defineJob } from 'capstan'

export const greet = defineJob({
  name: 'Greet',
  async run([name]: [string], { log, attempt }) {
    log.info(\`hello \${name}\`, { attempt })
  },
})
`

const PACKAGE = `${JSON.stringify({ private: true, type: 'module' }, null, 2)}\n`

const TSCONFIG = `${JSON.stringify(
  {
    compilerOptions: {
      ...{ module: 'nodenext', target: 'es2024', lib: ['es2024', 'esnext.disposable'], types: ['node'] },
      ...{ strict: true, noEmit: true, erasableSyntaxOnly: true, allowImportingTsExtensions: true },
    },
  },
  null,
  2,
)}\n`

const FILES: Readonly<Record<string, string>> = {
  'capstan.config.ts': CONFIG,
  'jobs/greet.ts': JOB,
  'package.json': PACKAGE,
  'tsconfig.json': TSCONFIG,
  '.gitignore': 'node_modules/\n.capstan/\n',
}

const IN_PROJECT = 'node_modules/.bin/capstan'

export interface InitReport {
  readonly written: string[]
  readonly kept: string[]
  /** What a person still has to do. */
  readonly next: string[]
}

/** Writes a configuration, a first job and what TypeScript needs into a directory. Files that are there are left alone. */
export async function init(directory: string, environment = process.env): Promise<InitReport> {
  const report: InitReport = { written: [], kept: [], next: [] }
  await mkdir(join(directory, 'jobs'), { recursive: true })
  for (const [name, text] of Object.entries(FILES)) {
    if (existsSync(join(directory, name))) report.kept.push(name)
    else {
      await writeFile(join(directory, name), text)
      report.written.push(name)
    }
  }
  const manifest = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as { type?: string }
  if (manifest.type !== 'module') report.next.push('npm pkg set type=module')
  // npm says where it is to what it runs, and so does npx.
  const isInProject = Boolean(environment.npm_execpath) || existsSync(join(directory, IN_PROJECT))
  const command = isInProject ? 'npx capstan' : 'capstan'
  report.next.push(`${command} dev, and in another terminal: ${command} enqueue Greet Ada`)
  return report
}
