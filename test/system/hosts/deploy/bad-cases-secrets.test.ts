import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { WITHOUT_HOSTS } from '../without-hosts.ts'
import { DEPLOY_TO, DeployScene } from './deploy-scene.ts'

const LIMIT = { timeout: 120_000 }

/** What gives a secret away, in whatever way it is quoted; that of another run is none of ours. */
const TELLTALE = `telltale${process.pid}`

const VALUE =
  `${TELLTALE} "double" 'single' $dollar {brace} ` +
  '`tick` \\back\\slash é漢\n' +
  `  and a second line, ${TELLTALE}\t# no comment\n`
const CREDENTIAL = `${TELLTALE} credential`

/** A job file: each process writes down the value that it was given. */
const REVEAL = `
import { writeFileSync } from 'node:fs'
if (process.env.API_TOKEN) writeFileSync('log/given', process.env.API_TOKEN, { mode: 0o600 })
`

/** Command lines in which a value was seen, of all processes of this machine and its hosts. */
class Argvs {
  readonly found = new Set<string>()
  samples = 0
  #ended = false
  readonly #done: Promise<void>

  constructor() {
    this.#done = this.#watch()
  }

  async end(): Promise<string[]> {
    this.#ended = true
    await this.#done
    return [...this.found]
  }

  async #watch(): Promise<void> {
    while (!this.#ended) {
      this.samples += 1
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        const words = argvOf(pid)
        if (words.includes(TELLTALE)) this.found.add(words)
      }
      await turn()
    }
  }
}

function argvOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

describe('a secret of a deploy', { skip: WITHOUT_HOSTS, timeout: 600_000 }, () => {
  let scene: DeployScene
  let said = ''
  before(async () => {
    scene = await DeployScene.open({
      deploy: {
        services: {
          worker: { type: 'worker', timeout: '60s', credentials: { token: '/etc/shop/token' } },
        },
      },
    })
    await mkdir(join(scene.folder, 'jobs'), { recursive: true })
    await writeFile(join(scene.folder, 'jobs/reveal.ts'), REVEAL)
    await writeFile(join(dirname(scene.folder), 'secret'), VALUE)
    await rename(join(scene.folder, 'capstan.config.ts'), join(scene.folder, 'plain.config.ts'))
    await writeFile(join(scene.folder, 'capstan.config.ts'), configText())
    for (const host of scene.hosts) await host.write('/etc/shop/token', CREDENTIAL, { mode: '600' })
  })
  after(() => scene[Symbol.asyncDispose]())

  /** The value comes from a file beside the application, as it would from a vault. */
  const configText = () => `
import { existsSync, readFileSync } from 'node:fs'
import plain from './plain.config.ts'

const file = '${join(dirname(scene.folder), 'secret')}'
const API_TOKEN = existsSync(file) ? readFileSync(file, 'utf8') : ''
const environment = { ...plain.deploy.environment, API_TOKEN }
const build = [...plain.deploy.build, 'umask 077; printf %s "$API_TOKEN" >log/built', 'printf "%s\\\\n" "the token is $API_TOKEN"']
export default { ...plain, deploy: { ...plain.deploy, environment, build } }
`
  const heard = (answer: { stdout: string; stderr: string }) => {
    said += answer.stdout + answer.stderr
  }

  test(
    'is in no command line of any process here or on the hosts while they are set up and deployed to',
    LIMIT,
    async (context) => {
      const argvs = new Argvs()
      heard(await scene.must('setup', 'production'))
      for (let number = 1; number <= 2; number += 1) heard(await scene.must('deploy', 'production'))
      heard(await scene.must('status', 'production'))
      heard(await scene.must('rollback', 'production'))
      assert.deepEqual(await argvs.end(), [])
      context.diagnostic(`looked ${argvs.samples} times`)
    },
  )

  test('would have been seen there within a tenth of a second', LIMIT, async () => {
    const argvs = new Argvs()
    await scene.host.output(['sh', '-c', 'sleep 0.1; true', 'sh', TELLTALE])
    assert.notDeepEqual(await argvs.end(), [])
  })

  test('arrives as it is, in builds and in workers', LIMIT, async () => {
    for (const host of scene.hosts)
      for (const file of ['built', 'given'])
        assert.equal(await host.read(`${DEPLOY_TO}/shared/log/${file}`), VALUE, file)
  })

  test('is not said by a deploy, even if its build says it and fails', LIMIT, async () => {
    // `echo` of some shells would turn `\b` into another character.
    const command = 'printf "%s\\n" "it is $API_TOKEN"; printenv API_TOKEN >&2; exit 1'
    const build = `build=${JSON.stringify([command])}`
    const answer = await scene.capstan('deploy', 'production', '--set', build)
    assert.equal(answer.code, 5)
    heard(answer)
    for (const verb of ['config', 'audit', 'releases', 'doctor'])
      heard(await scene.capstan(verb, 'production'))
    assert.match(said, /the token is \[API_TOKEN\]/)
    assert.match(said, /it is \[API_TOKEN\]/)
    assert.ok(!said.includes(TELLTALE), said)
  })

  test('is in no log and no note of a host, and in no file that others may read', LIMIT, async () => {
    for (const host of scene.hosts) {
      const found = await host.run(
        `grep -rla ${TELLTALE} ${DEPLOY_TO}/.capstan ${DEPLOY_TO}/revisions.log /etc/systemd /etc/sudoers.d /run/systemd/system /run/systemd/transient /tmp /var/tmp`,
      )
      assert.equal(found.stdout, '')
      const known = await host.output('journalctl --no-pager -o json; systemctl show "shop-worker@*"')
      assert.ok(!known.includes(TELLTALE), known)
      await host.output('useradd other')
      const readable = await host.run(
        `grep -rla ${TELLTALE} ${DEPLOY_TO} /etc /run /home /tmp /proc/*/environ 2>/dev/null`,
        {
          user: 'other',
        },
      )
      assert.equal(readable.stdout, '')
      const files = await host.output(`stat -c '%a %U' ${DEPLOY_TO}/releases/*/.capstan-environment`)
      assert.deepEqual(new Set(files.split('\n')), new Set(['600 deploy']))
    }
  })
})
