import { glob } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { isJob } from '../client/define-job.ts'
import type { Definition } from '../job/definition.ts'
import { type Registry, registry } from '../job/registry.ts'
import { UsageError } from '../kernel/errors.ts'
import { importFile } from './import-file.ts'

const DEFAULT_JOBS = 'jobs/**/*.{ts,js}'

/**
 * The jobs exported by all files that the globs match.
 *
 * @throws UsageError `jobs.none` when no file matches or none defines a job, `jobs.broken` naming the file that
 *   cannot be loaded, `job.duplicate`
 */
export async function loadJobs(
  directory: string,
  globs: string | readonly string[] = DEFAULT_JOBS,
): Promise<Registry> {
  const patterns = typeof globs === 'string' ? [globs] : [...globs]
  const files = await matching(directory, patterns)
  const origins = new Map<Definition, string>()
  for (const file of files) {
    for (const job of await jobsIn(file)) origins.set(job, relative(directory, file))
  }
  if (origins.size === 0) {
    const found = files.length === 0 ? 'no file' : 'no file that exports a job'
    throw new UsageError(
      'jobs.none',
      `${patterns.join(', ')} in ${directory} matches ${found}; a job is export const x = defineJob({ … })`,
    )
  }
  return registry(origins.keys(), origins)
}

async function matching(directory: string, patterns: readonly string[]): Promise<string[]> {
  const files = new Set<string>()
  for await (const file of glob(patterns as string[], { cwd: directory })) {
    if (!/\.(test|d)\.[jt]s$/.test(file)) files.add(resolve(directory, file))
  }
  return [...files].sort()
}

async function jobsIn(file: string): Promise<Definition[]> {
  const module = await importFile(file, 'jobs.broken')
  return Object.values(module)
    .filter(isJob)
    .map(({ definition }) => definition)
}
