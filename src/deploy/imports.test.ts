import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

const ROOT = import.meta.dirname

/** What each file here imports from this folder, types included. */
const imports = new Map(
  globSync('**/*.ts', { cwd: ROOT }).map((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8')
    const found = [...text.matchAll(/ from '(\.[^']+)'/g)]
    return [file, found.map(([, path]) => relative(ROOT, join(ROOT, dirname(file), path!)))] as const
  }),
)

/** The first circle that is found on the way, as a list of files that begins and ends with the same one. */
function circle(file: string, way: readonly string[], safe: Set<string>): readonly string[] | null {
  if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
  if (safe.has(file)) return null
  for (const next of imports.get(file) ?? []) {
    const found = circle(next, [...way, file], safe)
    if (found !== null) return found
  }
  safe.add(file)
  return null
}

test('no file of deploy imports itself by way of others, not even a type', () => {
  const safe = new Set<string>()
  for (const file of imports.keys()) assert.deepEqual(circle(file, [], safe), null)
})
