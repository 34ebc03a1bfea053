import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const CONFIG = `import { defineConfig } from 'capstan'

export default defineConfig({
  // Without a store: Redis at $REDIS_URL when that is set, else SQLite in .capstan/jobs.db
  queues: ['default'],
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

const FILES: Readonly<Record<string, string>> = { 'capstan.config.ts': CONFIG, 'jobs/greet.ts': JOB }

/** Writes a configuration and a first job into a directory. Files that are there are left alone. Returns what was written. */
export async function init(directory: string): Promise<{ written: string[]; kept: string[] }> {
  const written: string[] = []
  const kept: string[] = []
  await mkdir(join(directory, 'jobs'), { recursive: true })
  for (const [name, text] of Object.entries(FILES)) {
    if (existsSync(join(directory, name))) kept.push(name)
    else {
      await writeFile(join(directory, name), text)
      written.push(name)
    }
  }
  return { written, kept }
}
