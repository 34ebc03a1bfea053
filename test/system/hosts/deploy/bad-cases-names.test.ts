import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { output } from '../command.ts'
import { eventually } from '../eventually.ts'
import type { Host } from '../host.ts'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { COMPILED } from './application.ts'
import { DeployScene } from './deploy-scene.ts'

const LIMIT = { timeout: 120_000 }
const LIMIT_MS = 30_000

const ROOT = `/var/www/it's "my" $HOME shöp 漢`
const LINKED_FILE = `config/master "key" & ü's.json`
const LINKED_DIR = `public/my  files $(id)`
const BRANCH = `fix/ü-"quoted"-it's-$HOME;id`
/** The configuration allows no spaces in it. */
const REPOSITORY = '/srv/my$HOME"repo".git'

/** In the code; each holds its own name. */
const FILES = [
  ...['a b.txt', '-rf', '--help', `it's "quoted".txt`, '$(touch pwned)', 'ümläut 漢.txt', 'back\\slash', '*'],
  ...['line\nbreak.txt', 'tab\there'],
]

const VALUES = {
  SPACES: '  two  spaces  ',
  QUOTES: `"double" 'single' \`tick\``,
  SHELL: '$HOME $(id) \\n %s %i # no; comment & | < >',
  LINES: 'first\nsecond\n\n',
  OTHER: 'ü漢🙂',
  EMPTY: '',
}

/** A job file that writes down what a worker was given. */
const REVEAL = `
import { writeFileSync } from 'node:fs'
const names = ${JSON.stringify(Object.keys(VALUES))}
writeFileSync('log/given', JSON.stringify(Object.fromEntries(names.map((name) => [name, process.env[name]]))))
`

describe('any name and any value', { skip: WITHOUT_HOSTS, timeout: 600_000 }, () => {
  let scene: DeployScene
  before(async () => {
    scene = await DeployScene.open({
      deploy: {
        deployTo: ROOT,
        linkedFiles: [LINKED_FILE],
        linkedDirs: ['log', LINKED_DIR],
        environment: { NODE_OPTIONS: '--conditions=capstan-source', NODE_COMPILE_CACHE: COMPILED, ...VALUES },
      },
    })
    await writeFile(join(scene.folder, 'jobs/reveal.ts'), REVEAL)
    for (const name of FILES) await writeFile(join(scene.folder, name), name)
    await mkdir(join(scene.folder, 'empty folder'))
    await scene.must('setup', 'production')
    for (const host of scene.hosts) {
      const file = `${ROOT}/shared/${LINKED_FILE}`
      await host.output(['mkdir', '-p', dirname(file)], { user: 'deploy' })
      await host.write(file, '{}')
    }
  })
  after(() => scene[Symbol.asyncDispose]())

  const onEachHost = async (look: (host: Host) => Promise<void>) => {
    await Promise.all(scene.hosts.map(look))
  }

  const isRight = async (release: string) =>
    onEachHost(async (host) => {
      const directory = `${ROOT}/releases/${release}`
      assert.equal(await host.output(['readlink', `${ROOT}/current`]), directory)
      for (const name of FILES) assert.equal(await host.read(`${directory}/${name}`), name)
      for (const link of [LINKED_FILE, LINKED_DIR])
        assert.equal(await host.output(['readlink', `${directory}/${link}`]), `${ROOT}/shared/${link}`)
      const unit = `shop-worker@${release}-1.service`
      assert.equal(
        await host.output(`systemctl is-active ${unit}; systemctl is-enabled ${unit}`),
        'active\nenabled',
      )
      const pid = await host.output(`systemctl show --value -p MainPID ${unit}`)
      assert.equal(await host.output(['readlink', `/proc/${pid}/cwd`]), directory)
      const given = await eventually('the worker has loaded its jobs', LIMIT_MS, async () => {
        const { stdout } = await host.run(['cat', `${ROOT}/shared/log/given`])
        return stdout.endsWith('}') && stdout
      })
      assert.deepEqual(JSON.parse(given), VALUES)
      await host.output(['rm', `${ROOT}/shared/log/given`])
      const units = await host.output(
        "systemctl list-units --plain --no-legend 'shop-worker@*' | awk '$3 == \"active\" { print $1 }'",
      )
      assert.equal(units, unit)
    })

  test('arrives as it is when a folder is deployed, again and again', LIMIT, async () => {
    await isRight(await scene.deploy())
    await isRight(await scene.deploy())
  })

  test('arrives as it is when a branch of a repository is deployed', LIMIT, async () => {
    const git = ['git', '-C', scene.folder, '-c', 'user.name=t', '-c', 'user.email=t@localhost']
    await output(...git, 'init', '-q', '-b', BRANCH)
    await output(...git, 'add', '--all')
    await output(...git, 'commit', '-q', '-m', 'all')
    const bundle = join(scene.folder, '../all.bundle')
    await output(...git, 'bundle', 'create', '-q', bundle, '--all')
    const encoded = await output('base64', bundle)
    await onEachHost(async (host) => {
      await host.output('base64 -d >/tmp/all.bundle', { input: encoded })
      await host.output(['git', 'clone', '-q', '--bare', '/tmp/all.bundle', REPOSITORY])
      await host.output(['chown', '-R', 'deploy', REPOSITORY])
    })
    const source = JSON.stringify({ git: REPOSITORY, branch: BRANCH })
    const release = await scene.deploy('--set', `source=${source}`)
    await isRight(release)
    const commit = (await output(...git, 'rev-parse', 'HEAD')).trim()
    await onEachHost(async (host) => {
      assert.equal(
        (await host.read(`${ROOT}/revisions.log`)).trim().split('\n').at(-1),
        `Branch ${BRANCH} (at ${commit}) deployed as release ${release} by tester`,
      )
    })
  })

  test('is returned to, and its old releases are removed', LIMIT, async () => {
    await scene.must('rollback', 'production')
    for (let number = 1; number <= 3; number += 1) await scene.deploy()
    await onEachHost(async (host) => {
      const kept = await host.output(['ls', `${ROOT}/releases`])
      assert.ok(kept.split('\n').length <= 5, kept)
      assert.equal((await host.run('ls /root/pwned /home/deploy/pwned')).stdout, '')
      assert.equal(await host.output(['find', ROOT, '-name', 'pwned']), '')
    })
  })
})
