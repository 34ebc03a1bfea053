import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { withScratchFolder } from './scratch-folder.ts'

/** Packs something, starts a program that outlives it, says where, and stays. */
const CONTROLLER = `
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { withScratchFolder } from '${import.meta.dirname}/scratch-folder.ts'
await withScratchFolder(async (folder) => {
  writeFileSync(folder + '/code.tar.gz', 'code')
  const program = spawn('sleep', ['60'], { stdio: 'ignore', detached: true })
  console.log(JSON.stringify({ folder, program: program.pid }))
  await new Promise(() => setInterval(() => {}, 1000))
}, { parent: process.argv[1] })`

describe('the folder that a deploy packs its code in', () => {
  let parent: string
  let programs: number[]
  let controllers: ChildProcess[]
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'capstan-scratch-'))
    programs = []
    controllers = []
  })
  afterEach(async () => {
    for (const controller of controllers) await killed(controller)
    for (const pid of programs) process.kill(pid, 'SIGKILL')
    rmSync(parent, { recursive: true })
  })

  /** A process that works in its folder. */
  const controller = async (): Promise<{ process: ChildProcess; folder: string }> => {
    const words = ['--input-type=module-typescript', '--eval', CONTROLLER, parent]
    const process = spawn(globalThis.process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    controllers.push(process)
    const [line] = await once(createInterface({ input: process.stdout! }), 'line')
    const { folder, program } = JSON.parse(line)
    programs.push(program)
    return { process, folder }
  }
  const nextDeploy = (uid = process.getuid!()) => withScratchFolder(async () => {}, { parent, uid })
  /** A folder that a deploy of old left behind. */
  const abandoned = (path: string) => {
    mkdirSync(join(path, 'scratch'), { recursive: true })
    writeFileSync(join(path, 'scratch/code.tar.gz'), 'code')
    return path
  }

  test('is empty, closed to others, and gone afterwards', async () => {
    const outer = await withScratchFolder(
      async (folder) => {
        assert.deepEqual(readdirSync(folder), [])
        assert.equal(statSync(dirname(folder)).mode & 0o777, 0o700)
        writeFileSync(join(folder, 'code.tar.gz'), 'code')
        return dirname(folder)
      },
      { parent },
    )
    assert.equal(existsSync(outer), false)
    const failing = withScratchFolder(() => Promise.reject(new Error('no')), { parent })
    await assert.rejects(failing, /^Error: no$/)
    assert.deepEqual(readdirSync(parent), [])
  })

  test('stays while its process lives, even stopped', async () => {
    const { process, folder } = await controller()
    await nextDeploy()
    process.kill('SIGSTOP')
    await nextDeploy()
    assert.deepEqual(readdirSync(folder), ['code.tar.gz'])
  })

  test('of a killed process is removed by the next deploy, whatever the dead one had started', async () => {
    const { process, folder } = await controller()
    await killed(process)
    assert.equal(existsSync(folder), true)
    await nextDeploy()
    assert.deepEqual(readdirSync(parent), [])
  })

  test('stays when it is of another user', async () => {
    const folder = abandoned(join(parent, 'capstan-packed-code-theirs'))
    await nextDeploy(process.getuid!() + 1)
    assert.equal(existsSync(folder), true)
    await nextDeploy()
    assert.equal(existsSync(folder), false)
  })

  test('is never found through a symbolic link, before it or inside it', async () => {
    const elsewhere = abandoned(join(parent, 'elsewhere'))
    const link = join(parent, 'capstan-packed-code-link')
    symlinkSync(elsewhere, link)
    symlinkSync(elsewhere, join(abandoned(join(parent, 'capstan-packed-code-old')), 'scratch/inside'))
    await nextDeploy()
    assert.equal(lstatSync(link).isSymbolicLink(), true)
    assert.deepEqual(readdirSync(parent).sort(), ['capstan-packed-code-link', 'elsewhere'])
    assert.deepEqual(readdirSync(join(elsewhere, 'scratch')), ['code.tar.gz'])
  })

  test('without content may have been made a moment ago, and stays', async () => {
    mkdirSync(join(parent, 'capstan-packed-code-new'))
    await nextDeploy()
    assert.deepEqual(readdirSync(parent), ['capstan-packed-code-new'])
  })

  test('is told from files, and from folders with other names or other content', async () => {
    abandoned(join(parent, 'capstan-other'))
    writeFileSync(join(abandoned(join(parent, 'capstan-packed-code-notes')), 'notes.txt'), 'mine')
    writeFileSync(join(parent, 'capstan-packed-code-file'), '')
    await nextDeploy()
    const left = ['capstan-other', 'capstan-packed-code-file', 'capstan-packed-code-notes']
    assert.deepEqual(readdirSync(parent).sort(), left)
  })
})

async function killed(process: ChildProcess): Promise<void> {
  if (process.signalCode !== null) return
  process.kill('SIGKILL')
  await once(process, 'exit')
}
