import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { findNode, foundNodes } from './find-node.ts'
import { Reply } from './reply.ts'

const TOOLS = ['timeout', 'id', 'cut', 'tail']

/** What each login shell reads at a login, and how that puts a folder on the PATH. */
const SHELLS = {
  bash: ['.bash_profile', 'echo Welcome; PATH="$HOME/mine:$PATH"'],
  tcsh: ['.login', 'echo Welcome; setenv PATH "$HOME/mine:$PATH"'],
  fish: ['.config/fish/config.fish', 'echo Welcome; set -x PATH "$HOME/mine" $PATH'],
} as const

const pathOf = (program: string) => spawnSync('which', [program], { encoding: 'utf8' }).stdout.trim()

describe('the search for Node', () => {
  let home: string
  const program = (name: string, text: string) => {
    const file = join(home, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { mode: 0o755 })
  }
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'capstan-find-node-'))
    mkdirSync(join(home, 'bin'))
    for (const tool of TOOLS) symlinkSync(pathOf(tool), join(home, 'bin', tool))
    program('mine/node', '#!/bin/sh\necho v99.0.0 /opt/mine/node\n')
  })
  afterEach(() => rmSync(home, { recursive: true }))

  for (const [shell, [file, text]] of Object.entries(SHELLS)) {
    const path = pathOf(shell)
    const skip = path === '' && `${shell} is not installed: whether it tells of Node is not tested here`
    test(`asks ${shell}, where that is the login shell`, { skip }, () => {
      program('bin/getent', `#!/bin/sh\necho ada:x:1:1::${home}:${path}\n`)
      program(file, `${text}\n`)
      const { body, args = [] } = findNode('')
      const env = { HOME: home, PATH: join(home, 'bin') }
      const { stdout } = spawnSync('/bin/sh', ['-euc', body, 'sh', ...args], { env, encoding: 'utf8' })
      assert.deepEqual(foundNodes(new Reply(stdout))[0], { version: '99.0.0', path: '/opt/mine/node' })
    })
  }
})
