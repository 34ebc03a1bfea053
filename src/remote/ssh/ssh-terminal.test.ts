import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { shellIn } from './ssh-terminal.ts'

const isThere = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

describe('the line by which a terminal gets its shell', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'capstan-terminal-'))
    writeFileSync(join(folder, 'shell'), '#!/bin/sh\necho "$*"; pwd\n', { mode: 0o755 })
  })
  after(() => rmSync(folder, { recursive: true }))

  for (const login of ['sh', 'bash', 'tcsh', 'fish']) {
    const skip = !isThere(login) && `${login} is not installed: whether it works there is not tested here`
    test(`means the same to ${login}, whatever the directory is called`, { skip }, () => {
      for (const name of ['plain', 'it\'s "a" $HOME', '!! `id` \\n *', '-n ~ #(ä)']) {
        const directory = join(folder, name)
        mkdirSync(directory, { recursive: true })
        const env = { ...process.env, SHELL: join(folder, 'shell') }
        const { stdout, stderr } = spawnSync(login, ['-c', shellIn(directory)], { encoding: 'utf8', env })
        assert.equal(stdout, `-l\n${directory}\n`, stderr)
      }
    })
  }
})
