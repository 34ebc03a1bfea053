import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { rejectsWith, type ShellScenarios } from '../shell-stage.ts'

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts
}

async function* brokenOff(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half')
  throw new RangeError('no more')
}

async function* endless(onChunk: (count: number) => void): AsyncGenerator<Uint8Array> {
  for (let count = 1; ; count++) {
    yield Buffer.alloc(100_000)
    onChunk(count)
  }
}

/** All that is in the folder of a file. */
const beside = async (path: string) => (await readdir(dirname(path))).toSorted()

export const uploads: ShellScenarios = {
  'a file arrives byte for byte, with its mode': async ({ connect, fresh }) => {
    const shell = await connect()
    const path = fresh("a file's name $(id)")
    const bytes = Buffer.from(
      Array.from({ length: 3_000_000 }, (_, index) => (index * 31 + (index >> 8)) & 255),
    )
    await shell.put(chunks(bytes.subarray(0, 10), bytes.subarray(10)), path, { mode: 0o750 })
    assert.ok((await readFile(path)).equals(bytes))
    assert.equal((await stat(path)).mode & 0o7777, 0o750)
    assert.deepEqual(await beside(path), [basename(path)])
  },

  'an empty file arrives too, and one that was there is replaced': async ({ connect, fresh }) => {
    const shell = await connect()
    const path = fresh('file')
    await writeFile(path, 'old')
    await shell.put(chunks(), path)
    assert.equal(await readFile(path, 'utf8'), '')
    assert.equal((await stat(path)).mode & 0o7777, 0o644)
  },

  'content that breaks off leaves the old file, and nothing beside it': async ({ connect, fresh }) => {
    const shell = await connect()
    const path = fresh('file')
    await writeFile(path, 'old')
    await assert.rejects(shell.put(brokenOff(), path), /no more/)
    assert.equal(await readFile(path, 'utf8'), 'old')
    assert.deepEqual(await beside(path), ['file'])
  },

  'a cancelled upload leaves nothing': async ({ connect, fresh }) => {
    const shell = await connect()
    const path = fresh('file')
    const cancel = new AbortController()
    const content = endless((count) => count === 20 && cancel.abort())
    await rejectsWith('remote.cancelled', shell.put(content, path, { signal: cancel.signal }))
    assert.deepEqual(await beside(path), [])
  },

  'a place that cannot be written to is an error in the words of the host': async ({ connect, fresh }) => {
    const shell = await connect()
    const error = await rejectsWith(
      'remote.exit',
      shell.put(chunks(Buffer.alloc(1_000_000)), fresh('absent/file')),
    )
    assert.match(error.message, /absent\/file/)
    assert.equal((await shell.run({ name: 'next', body: 'echo on' })).stdout, 'on\n')
  },

  'a folder is not replaced by a file': async ({ connect, fresh }) => {
    const shell = await connect()
    const path = fresh('folder')
    await shell.run({ name: 'mkdir', body: 'mkdir "$1"', args: [path] })
    await rejectsWith('remote.exit', shell.put(chunks(), path))
    assert.deepEqual(await beside(path), ['folder'])
  },
}
