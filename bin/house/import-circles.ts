import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { referencesIn } from './references.ts'
import { tokensOf } from './tokens.ts'

/** Circles of imports in `root`/src, of types and by `import()` as well, one line each. One is shown for as long as there are any. */
export function circleProblems(root: string): string[] {
  const source = join(root, 'src')
  const files = globSync('**/*.ts', { cwd: source }).sort()
  const imports = new Map(
    files.map((file) => [file, importsOf(file, readFileSync(join(source, file), 'utf8'))]),
  )
  return circlesIn(imports).map(
    (circle) => `${circle[0]}: imports itself by way of others (${circle.join(' → ')})`,
  )
}

function importsOf(file: string, source: string): string[] {
  return referencesIn(tokensOf(source))
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => join(dirname(file), specifier))
}

/** Each begins and ends with the same file. */
function circlesIn(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = []
  const seen = new Set<string>()
  const follow = (file: string, way: readonly string[]) => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file])
    if (seen.has(file)) return
    seen.add(file)
    for (const next of imports.get(file) ?? []) follow(next, [...way, file])
  }
  for (const file of imports.keys()) follow(file, [])
  return circles
}
