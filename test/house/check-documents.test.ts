import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { documentProblems } from '../../bin/house/check-documents.ts'
import { layerTable } from '../../bin/house/layers.ts'
import { linksIn, pathsIn } from '../../bin/house/markdown.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'capstan-documents-'))
  given('package.json', '{}')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function given(file: string, text = ''): void {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}

function verify(...problems: string[]): void {
  assert.deepEqual(documentProblems(root), problems)
}

describe('paths and links', () => {
  test('a path in backticks must exist, at the top or below src/', () => {
    given('src/job/cron.ts')
    given('bin/test')
    given('README.md', '`src/job/cron.ts`, `job/cron.ts:12`, `src/job/`, `bin/test src/job --seed 5`')
    verify()
    given('README.md', 'See `src/job/gone.ts`, `job/gone.ts` and `bin/gone now`.')
    verify(
      'README.md: `src/job/gone.ts` does not exist',
      'README.md: `job/gone.ts` does not exist',
      'README.md: `bin/gone` does not exist',
    )
  })

  test('a link must lead to a file, seen from its page', () => {
    given(
      'docs/guides/retry.md',
      '[why](../decisions/0001.md#context "the reason") [us](https://example.org/x) [up](#top)',
    )
    verify('docs/guides/retry.md: the link to ../decisions/0001.md leads nowhere')
    given('docs/decisions/0001.md', '# Context\n# Decision\n# Consequences\n')
    verify()
  })

  test('patterns, placeholders, words and fenced blocks are no paths', () => {
    const prose =
      'Use `src/**/*.test.ts`, `docs/NAME.md`, `node:test`, `and/or`, `capstan/worker`, `store/<name>/x.ts`.'
    assert.deepEqual(pathsIn(`${prose}\n\`\`\`\n\`src/gone.ts\`\n[a](gone.md)\n\`\`\`\n`), [])
    assert.deepEqual(linksIn('```sh\n[a](gone.md)\n```\n[b](there.md)'), ['there.md'])
  })
})

describe('the import table in ARCHITECTURE.md', () => {
  test('may be missing, and may be aligned as one likes', () => {
    given('ARCHITECTURE.md', 'no table yet')
    verify()
    const aligned = layerTable().map((row) => row.replaceAll(' | ', '   |  '))
    given('ARCHITECTURE.md', ['before', ...aligned, '', '| another | table |'].join('\n'))
    verify()
  })

  test('must have the rows of LAYERS and no others', () => {
    const rows = layerTable()
    given('ARCHITECTURE.md', rows.slice(0, -1).join('\n'))
    assert.match(documentProblems(root)[0]!, /^ARCHITECTURE\.md: the import table is not that of .*`cli`/)
    given('ARCHITECTURE.md', [...rows, '| `web` | admin |'].join('\n'))
    assert.match(documentProblems(root)[0]!, /`web`/)
  })
})

test('a decision record has its three headings', () => {
  given('docs/decisions/0001-one.md', '# One\n## Context\n## Decision\n')
  verify('docs/decisions/0001-one.md: has no heading "Consequences"')
})

describe('package.json', () => {
  test('each export is built from a source file that exists', () => {
    given(
      'package.json',
      '{ "exports": { "./worker": "./dist/worker/index.js", "./package.json": "./package.json" } }',
    )
    verify('package.json: capstan/worker is built from src/worker/index.ts, which does not exist')
    given('src/worker/index.ts')
    verify()
  })

  test('each export is shown on a page, once there are pages', () => {
    given('package.json', '{ "exports": { ".": "./dist/index.js", "./worker": "./dist/worker/index.js" } }')
    given('src/index.ts')
    given('src/worker/index.ts')
    given('docs/guides/work.md', "import { a } from 'capstan'\n")
    verify('package.json: no page in docs/ mentions `capstan/worker`')
    given('docs/guides/work.md', "import { a } from 'capstan'\nimport { b } from 'capstan/worker'\n")
    verify()
  })

  test('each dependency has a decision record that names it', () => {
    given(
      'package.json',
      '{ "dependencies": { "pino": "1" }, "optionalDependencies": { "koffi": "1" }, "devDependencies": {} }',
    )
    given('docs/decisions/0001-logs.md', '# Context\n# Decision\nWe log with `pino`.\n# Consequences\n')
    verify('package.json: no record in docs/decisions/ says why `koffi` is there')
  })
})

test('a file over its size is named, with its limit', () => {
  const lines = (count: number) => 'x\n'.repeat(count)
  given('README.md', lines(151))
  given('src/job/a.ts', lines(251))
  given('src/job/a.test.ts', lines(500))
  given('test/system/b.test.ts', lines(501))
  given('bin/test', lines(61))
  given('bin/house/c.ts', lines(250))
  verify(
    'README.md: 151 lines; at most 150',
    'test/system/b.test.ts: 501 lines; at most 500',
    'src/job/a.ts: 251 lines; at most 250',
    'bin/test: 61 lines; at most 60',
  )
})
