import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

export interface Verdict {
  /** Files with a line in the manifest and an archive. */
  done: number
  /** Files without one or the other. */
  lost: number
  /** Files whose archive or whose line is not theirs. */
  wrong: number
}

/** Holds the manifest against `sha256sum` on the originals, and each archive against the manifest. */
export async function check(source: string, target: string, files: readonly string[]): Promise<Verdict> {
  const digests = await manifest(target)
  const present = files.filter((file) => digests.has(file) && existsSync(archiveOf(target, file)))
  const bad = await refusedBySha256sum(source, target, digests)
  for (const file of present)
    if ((await digestOf(archiveOf(target, file))) !== digests.get(file)) bad.add(file)
  return { done: present.length, lost: files.length - present.length, wrong: bad.size }
}

/** Reads the manifest and writes it back sorted, one line a file. */
async function manifest(target: string): Promise<Map<string, string>> {
  const path = join(target, 'manifest.sha256')
  const text = existsSync(path) ? await readFile(path, 'utf8') : ''
  const lines = [...new Set(text.split('\n').filter(Boolean))].sort((a, b) =>
    a.slice(66) < b.slice(66) ? -1 : 1,
  )
  await writeFile(path, lines.map((line) => `${line}\n`).join(''))
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]))
}

const archiveOf = (target: string, file: string) => join(target, 'files', `${file}.gz`)

async function refusedBySha256sum(
  source: string,
  target: string,
  digests: ReadonlyMap<string, string>,
): Promise<Set<string>> {
  if (digests.size === 0) return new Set()
  const checker = spawn('sha256sum', ['--check', '--quiet', join(target, 'manifest.sha256')], {
    cwd: source,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const output: Buffer[] = []
  checker.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  await once(checker, 'close')
  const refused = Buffer.concat(output).toString().split('\n')
  return new Set(
    refused
      .filter((line) => line.includes(': FAILED'))
      .map((line) => line.slice(0, line.lastIndexOf(': FAILED'))),
  )
}

async function digestOf(archive: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(archive), createGunzip(), hash)
  return hash.digest('hex')
}
