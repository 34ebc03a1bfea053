import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Command } from 'commander'
import { systemClock } from '../../kernel/clock.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { systemRandom } from '../../kernel/random.ts'
import { newOutput } from '../output.ts'
import type { Session } from '../session.ts'
import { auditCommand } from './audit-command.ts'
import { deployCommand } from './deploy-command.ts'
import { releasesCommand } from './releases-command.ts'
import { shellCommand } from './shell-command.ts'

const TIMEOUT_MS = 60_000

describe('before the first deploy', { timeout: TIMEOUT_MS }, () => {
  let deployTo: string
  before(async () => {
    deployTo = await mkdtemp(join(tmpdir(), 'capstan-bare-host-'))
  })
  after(() => rm(deployTo, { recursive: true }))

  async function repository(): Promise<{ url: string; revision: string }> {
    const url = join(deployTo, 'repository')
    const author = ['-c', 'user.name=ada', '-c', 'user.email=ada@shop.example']
    const git = (...words: string[]) => spawnSync('git', ['-C', url, ...words], { encoding: 'utf8' }).stdout
    spawnSync('git', ['init', '--quiet', '--initial-branch=main', url])
    git(...author, 'commit', '--quiet', '--allow-empty', '--message=first')
    return { url, revision: git('rev-parse', 'HEAD').trim() }
  }

  const dryRun = (...settings: string[]) =>
    run('deploy', 'live', '-n', ...settings.flatMap((setting) => ['--set', setting]))

  async function run(...words: string[]) {
    const written = { stdout: '', stderr: '' }
    const out = newOutput({
      ...{ tty: false, colour: false, columns: Number.POSITIVE_INFINITY, ask: null },
      writeOut: (text) => {
        written.stdout += text
      },
      writeError: (text) => {
        written.stderr += text
      },
    })
    const deploy = { application: 'shop', deployTo, stages: { live: { hosts: ['local'] } } }
    const session: Session = {
      runtime: { clock: systemClock, random: systemRandom(), logger: silentLogger },
      ...{ options: {}, close: async () => {} },
      config: async () => ({ config: { deploy }, file: 'capstan.config.ts', directory: deployTo }),
      store: () => Promise.reject(new Error('no command here needs the store')),
    }
    const context = { session: () => session, out }
    const program = new Command().exitOverride()
    for (const command of [auditCommand, deployCommand, releasesCommand, shellCommand])
      program.addCommand(command(context))
    await program.parseAsync(words, { from: 'user' })
    return { ...written, exitCode: out.exitCode }
  }

  test('there are no releases and no deploys to list, and that is said', async () => {
    assert.equal(
      (await run('releases', 'live')).stdout,
      'No releases: nothing was deployed to stage live yet.\n',
    )
    assert.equal(
      (await run('audit', 'live')).stdout,
      'No deploys: none was written down on the hosts of stage live yet.\n',
    )
  })

  test('a dry run finds the commit that would be deployed', async () => {
    const { url, revision } = await repository()
    const { stdout, exitCode } = await dryRun(`source={"git":"${url}","branch":"main"}`)
    assert.ok(stdout.includes(`from ${url} (main): ${revision.slice(0, 12)}\n`), stdout)
    assert.equal(exitCode, 0)
  })

  test('a dry run is not ready where the code is not there, as a deploy would be', async () => {
    const { url } = await repository()
    for (const [source, form] of [
      [
        { git: url, branch: 'nope' },
        /repository has no branch, tag or commit nope .*; push it, or correct source/,
      ],
      [{ git: `${url}-nope` }, /local cannot read the repository .*-nope; correct source\.git/],
      [{ artifact: `${url}.tar.gz` }, /the artifact .*\.tar\.gz cannot be read here; build it, or correct/],
      [{ upload: `${url}-nope` }, /the folder .*-nope cannot be packed here; correct source\.upload/],
    ] as const) {
      const { stdout, stderr, exitCode } = await dryRun(`source=${JSON.stringify(source)}`)
      assert.match(stderr, form)
      assert.deepEqual([stdout, exitCode], ['', 3])
    }
  })

  test('a dry run names what the host lacks and what is wrong with the code at once', async () => {
    const { url } = await repository()
    const { stderr } = await dryRun(`source={"git":"${url}","branch":"nope"}`, 'linkedFiles=[".env"]')
    assert.match(stderr, /linked file .*\/shared\/\.env is missing/)
    assert.match(stderr, /has no branch, tag or commit nope/)
  })

  test('a command has no release to run in', async () => {
    const { stdout, stderr, exitCode } = await run('shell', 'live', '--', 'uptime')
    assert.equal(stdout, 'local  no release is live here; capstan deploy live makes the first one\n')
    assert.equal(stderr, 'local: exit code 1\n')
    assert.equal(exitCode, 1)
  })
})
