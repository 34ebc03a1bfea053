import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { hostFacts, probeHost } from './probe-host.ts'
import { Reply } from './reply.ts'

describe('the clock of a host', () => {
  let directory: string
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'capstan-probe-'))
  })
  after(() => rm(directory, { recursive: true }))

  function clock(path = process.env.PATH): number {
    const { body, args = [] } = probeHost(directory, [])
    const env = { ...process.env, PATH: path }
    return hostFacts(
      new Reply(spawnSync('sh', ['-c', body, 'sh', ...args], { encoding: 'utf8', env }).stdout),
    ).clock
  }

  test('is read to the fraction of a second', () => {
    const sinceS = Date.now() / 1_000
    const readS = clock()
    assert.ok(sinceS <= readS && readS <= Date.now() / 1_000, `${readS} after ${sinceS}`)
  })

  test('is read in whole seconds where date knows no fraction', async () => {
    await writeFile(join(directory, 'date'), '#!/bin/sh\necho 1760437800.%N\n', { mode: 0o755 })
    assert.equal(clock(`${directory}:${process.env.PATH}`), 1_760_437_800)
  })
})
