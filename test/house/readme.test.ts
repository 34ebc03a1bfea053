import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')

/** Long enough for any command of the README that ends by itself; the worker is told to end after this. */
const WORK_SECONDS = 5

/** The commands of a section's first shell block. */
function commandsOf(section: string): string[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const text = readme.split(`## ${section}\n`)[1]!.split('\n## ')[0]!
  const block = /```sh\n([\s\S]*?)```/.exec(text)![1]!
  return block
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''))
    .filter(Boolean)
}

test('the five-minute start of the README works as it is written', () => {
  const [offer, enter, ...commands] = commandsOf('Five minutes')
  assert.equal(offer, 'export PATH="$PWD/bin:$PATH"')
  assert.match(enter!, /^mkdir -p \S+ && cd \S+$/)
  const directory = mkdtempSync(join(tmpdir(), 'capstan-readme-'))
  try {
    const outputs = commands.map((command) => {
      const line = command.replace(/^capstan work$/, `timeout --signal=INT ${WORK_SECONDS} capstan work`)
      const run = spawnSync('bash', ['-c', line], {
        cwd: directory,
        encoding: 'utf8',
        env: { ...process.env, PATH: `${ROOT}/bin:${process.env.PATH}`, REDIS_URL: '' },
      })
      // 124: `timeout` did what Ctrl-C does.
      assert.ok(
        run.status === 0 || run.status === 124,
        `${command}: exit ${run.status}\n${run.stdout}${run.stderr}`,
      )
      return run.stdout + run.stderr
    })
    const said = (command: string) => outputs[commands.indexOf(command)]!
    assert.match(said('capstan queues'), /default +1 /)
    assert.match(said('capstan work'), /hello Ada/)
    assert.match(said('capstan stats'), /since the start +1 +0/)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
