import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type RedisServer, startRedisServer } from '../../redis-server.ts'
import { eventually } from '../eventually.ts'
import { bootHost, type Host } from '../host.ts'
import { CAPSTAN, ROOT } from '../worker-service.ts'
import { COMPILED, DIARY, writeApplication } from './application.ts'

export interface SceneOptions {
  /** Default 2: `web-1` and `web-2`. */
  readonly hosts?: number
  /** `redis` is shared by all hosts; `sqlite` is a file in `shared/` of each. Default `redis`. */
  readonly store?: 'redis' | 'sqlite'
  /** Settings of `deploy` in place of those in application.ts, as plain data. */
  readonly deploy?: Readonly<Record<string, unknown>>
  /** Settings beside `deploy`. */
  readonly config?: Readonly<Record<string, unknown>>
}

/** How a `capstan` ended. */
export interface Spoken {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
}

/** A line of the diary. */
export interface Noted {
  readonly at: number
  readonly host: string
  readonly release: string
  readonly what: 'began' | 'ended'
  readonly job: string
}

/** What systemd says of one instance of the worker. */
export interface InstanceState {
  readonly unit: string
  readonly active: string
  readonly enabled: boolean
  readonly pid: number
  readonly invocation: string
  readonly directory: string
}

/** Where the application lies on the hosts. */
export const DEPLOY_TO = '/var/www/shop'

const LIMIT_MS = 60_000

/**
 * An application on this machine, bare hosts with a user `deploy` who may become nobody, and a store that they share.
 *
 *     await using scene = await DeployScene.open()
 *     await scene.must('setup', 'production')
 *     await scene.must('deploy', 'production')
 *     await scene.enqueue('one', 100)
 *     await scene.noted('ended one')
 */
export class DeployScene implements AsyncDisposable {
  readonly hosts: readonly Host[]
  /** The application on this machine: change files in it, and deploy again. */
  readonly folder: string
  /** null with SQLite. */
  readonly redis: RedisServer | null
  readonly #children = new Set<ChildProcess>()

  private constructor(folder: string, hosts: readonly Host[], redis: RedisServer | null) {
    this.folder = folder
    this.hosts = hosts
    this.redis = redis
  }

  static async open(options: SceneOptions = {}): Promise<DeployScene> {
    const { hosts: count = 2, store = 'redis', deploy = {}, config = {} } = options
    const names = Array.from({ length: count }, (_, index) => `web-${index + 1}`)
    const hosts = await Promise.all(names.map(bareHost))
    const around = await mkdtemp(join(tmpdir(), 'capstan-deploy-scene-'))
    const folder = join(around, 'shop')
    // The network of the hosts is there as long as one of them is.
    const redis = store === 'redis' ? await sharedRedis(hosts[0]!.gateway) : null
    const sshConfig = join(around, 'ssh-config')
    await writeFile(sshConfig, hosts.map(({ ssh }) => ssh.config).join('\n'))
    await writeApplication(folder, {
      store:
        redis === null
          ? `{ sqlite: '${DEPLOY_TO}/shared/log/jobs.db' }`
          : `{ redis: 'redis://${hosts[0]!.gateway}:${redis.port}' }`,
      ssh: ['-F', sshConfig],
      hosts: names.map((name) => `deploy@${name}`),
      ...{ deploy, config },
    })
    return new DeployScene(folder, hosts, redis)
  }

  /** The first host. */
  get host(): Host {
    return this.hosts[0]!
  }

  /** Starts `capstan …` in the folder of the application; ended with the scene at the latest. */
  start(...words: string[]): Running {
    const program = [`--conditions=capstan-source`, join(ROOT, 'bin/capstan.cjs'), ...words]
    const child = spawn(process.execPath, program, {
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: dirname(this.folder), NO_COLOR: '1', CAPSTAN_BY: 'tester' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return new Running(child)
  }

  /** Runs `capstan …` to its end. */
  async capstan(...words: string[]): Promise<Spoken> {
    return this.start(...words).ended
  }

  /** The same; rejects with all it said unless it ends with 0. */
  async must(...words: string[]): Promise<Spoken> {
    const answer = await this.capstan(...words)
    if (answer.code === 0) return answer
    throw new Error(`capstan ${words.join(' ')}: code ${answer.code}\n${answer.stdout}${answer.stderr}`)
  }

  /** Makes the hosts ready and deploys the first release. */
  async firstDeploy(): Promise<string> {
    await this.must('setup', 'production')
    return this.deploy()
  }

  /** Deploys, and returns the name of the release. */
  async deploy(...words: string[]): Promise<string> {
    const { stdout } = await this.must('deploy', 'production', ...words)
    return /\d{14}/.exec(stdout)![0]
  }

  /** Enqueues a `Nap` from the release that is live on the first host. */
  enqueue(name: string, ms: number): Promise<string> {
    const words = ['enqueue', 'Nap', `'${JSON.stringify(name)}'`, String(ms)]
    return this.host.output(
      `cd ${DEPLOY_TO}/current && node --conditions=capstan-source ${CAPSTAN}/bin/capstan.cjs ${words.join(' ')}`,
      { user: 'deploy', env: { NODE_COMPILE_CACHE: COMPILED } },
    )
  }

  /** What jobs noted on all hosts, oldest first. */
  async diary(): Promise<Noted[]> {
    const perHost = await Promise.all(
      this.hosts.map(async (host) => {
        const { stdout } = await host.run(['cat', `${DEPLOY_TO}/shared/${DIARY}`])
        return stdout
          .split('\n')
          .filter(Boolean)
          .map((line) => notedFrom(host.name, line))
      }),
    )
    return perHost.flat().sort((a, b) => a.at - b.at)
  }

  /** Waits for a line of the diary: `began NAME` or `ended NAME`. */
  noted(text: string, limitMs = LIMIT_MS): Promise<Noted> {
    return eventually(`the diary says "${text}"`, limitMs, async () =>
      (await this.diary()).find(({ what, job }) => `${what} ${job}` === text),
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await this.journals()}`)
    })
  }

  /** The name of the live release on a host; null when there is none. */
  async current(host: Host = this.host): Promise<string | null> {
    const { stdout } = await host.run(['readlink', `${DEPLOY_TO}/current`])
    return /\d{14}$/.exec(stdout.trim())?.[0] ?? null
  }

  /** The instances of the worker that systemd has in memory or will start at boot, in the order of their names. */
  async instances(host: Host = this.host): Promise<InstanceState[]> {
    const template = 'shop-worker@'
    const names = await host.output(
      `{ systemctl list-units --all --plain --no-legend '${template}*'; systemctl list-unit-files --no-legend '${template}*'; } |
        awk '{ print $1 }' | grep -v '@\\.' | sort -u || true`,
    )
    return Promise.all(
      names
        .split('\n')
        .filter(Boolean)
        .map((unit) => instanceState(host, unit)),
    )
  }

  /** Waits until the workers of exactly these releases are active on a host. */
  async worksIn(host: Host, ...releases: string[]): Promise<InstanceState[]> {
    return eventually(`${host.name} works in ${releases.join(' and ')} only`, LIMIT_MS, async () => {
      const active = (await this.instances(host)).filter((state) => state.active !== 'inactive')
      const found = active.filter((state) => state.active === 'active').map(({ directory }) => directory)
      const wanted = releases.map((release) => `${DEPLOY_TO}/releases/${release}`)
      const isSo = active.length === found.length && found.sort().join() === wanted.sort().join()
      return isSo && active
    })
  }

  /** What the manifest of a release says on a host: `good`, `bad` or `incomplete`. */
  async stateOf(release: string, host: Host = this.host): Promise<string> {
    return JSON.parse(await host.read(`${DEPLOY_TO}/.capstan/releases/${release}.json`)).state
  }

  /** Everything that hosts have to say of the workers; for failures. */
  async journals(): Promise<string> {
    const texts = this.hosts.map(async (host) => {
      const lines = await host.run('journalctl --no-pager -n 60 -o short-iso -u "shop-*"')
      return `${host.name}:\n${lines.stdout}`
    })
    return (await Promise.all(texts)).join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    await this.redis?.stop()
    await Promise.all(this.hosts.map((host) => host[Symbol.asyncDispose]()))
    await rm(dirname(this.folder), { recursive: true, force: true })
  }
}

/** A `capstan` that runs, and what it has said so far. */
export class Running {
  readonly child: ChildProcess
  readonly said = { stdout: '', stderr: '' }
  readonly ended: Promise<Spoken>

  constructor(child: ChildProcess) {
    const began = performance.now()
    this.child = child
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]!.setEncoding('utf8').on('data', (text: string) => {
        this.said[name] += text
      })
    }
    this.ended = once(child, 'close').then(([code, signal]) => {
      return { code, signal, ...this.said, ms: Math.round(performance.now() - began) }
    })
  }

  /** Waits until its progress says something; rejects when it ends without. */
  async says(words: RegExp): Promise<void> {
    const isOver = () => this.child.exitCode !== null || this.child.signalCode !== null
    await eventually(`it says ${words}`, LIMIT_MS, () => words.test(this.said.stderr) || isOver())
    if (!words.test(this.said.stderr)) throw new Error(`ended without ${words}:\n${this.said.stderr}`)
  }
}

/** With a user that may log in, and nothing of ours but the code. */
async function bareHost(name: string): Promise<Host> {
  const host = await bootHost({ name, binds: { [ROOT]: CAPSTAN } })
  await host.addUser('deploy')
  await host.output(`install -d -o deploy -g deploy ${COMPILED}`)
  await host.output(`mkdir -p ${dirname(DEPLOY_TO)}`)
  return host
}

function sharedRedis(address: string): Promise<RedisServer> {
  return startRedisServer({ config: [`bind 127.0.0.1 ${address}`, 'protected-mode no'] })
}

function notedFrom(host: string, line: string): Noted {
  const [at, release, what, job] = line.split(' ')
  return { at: Number(at), host, release: release!, what: what as Noted['what'], job: job! }
}

async function instanceState(host: Host, unit: string): Promise<InstanceState> {
  const properties = ['ActiveState', 'UnitFileState', 'MainPID', 'InvocationID']
  const { stdout } = await host.run(
    `systemctl show --property=${properties.join()} ${unit}; echo "Directory=$(readlink /proc/$(systemctl show --value --property=MainPID ${unit})/cwd)"`,
  )
  const found = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=', 2) as [string, string]),
  )
  return {
    unit,
    active: found.get('ActiveState') ?? '',
    enabled: found.get('UnitFileState') === 'enabled',
    pid: Number(found.get('MainPID')),
    invocation: found.get('InvocationID') ?? '',
    directory: found.get('Directory') ?? '',
  }
}
