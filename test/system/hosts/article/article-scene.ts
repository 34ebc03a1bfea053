import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { output } from '../command.ts'
import { type Noted, Running, type Spoken } from '../deploy/deploy-scene.ts'
import { eventually } from '../eventually.ts'
import type { Host } from '../host.ts'
import { ROOT } from '../worker-service.ts'
import { bootArticleHost, DEPLOY_TO, DIARY } from './article-host.ts'

const LIMIT_MS = 60_000

/** What systemd and the process itself say of the Sidekiq on the host. */
export interface SidekiqState {
  readonly active: string
  readonly pid: number
  /** The release that it works in. */
  readonly release: string
  /** As in `sidekiq 6.4.1 20261124103000 [0 of 5 busy] stopping`. */
  readonly title: string
}

/**
 * A server, and the project of somebody who deploys to it with Capistrano, on this machine.
 *
 *     await using scene = await ArticleScene.open()
 *     await scene.cap('deploy')
 *     await scene.mustCapstan('import-cap')
 */
export class ArticleScene implements AsyncDisposable {
  readonly host: Host
  /** The project: Capfile, config/deploy.rb, config/deploy/staging.rb. */
  readonly folder: string
  readonly #around: string

  private constructor(host: Host, around: string) {
    this.host = host
    this.#around = around
    this.folder = join(around, 'example')
  }

  static async open(): Promise<ArticleScene> {
    const around = await mkdtemp(join(tmpdir(), 'capstan-article-'))
    // The one form of a key that net-ssh reads everywhere.
    const key = join(around, 'id_rsa')
    await output('ssh-keygen', '-q', '-m', 'PEM', '-t', 'rsa', '-N', '', '-f', key)
    const host = await bootArticleHost(await readFile(`${key}.pub`, 'utf8'))
    const scene = new ArticleScene(host, around)
    await cp(join(import.meta.dirname, 'project'), scene.folder, { recursive: true })
    await mkdir(join(scene.folder, 'node_modules'))
    await symlink(ROOT, join(scene.folder, 'node_modules/capstan'))
    await mkdir(join(around, '.ssh'))
    const access = ['Host web-1', `  HostName ${host.address}`, `  IdentityFile ${key}`].join('\n')
    await writeFile(join(around, '.ssh/config'), `${access}\n`)
    const known = `  UserKnownHostsFile ${host.ssh.knownHostsFile}\n  IdentitiesOnly yes\n  BatchMode yes\n`
    await writeFile(scene.sshConfig, `${access}\n${known}`)
    return scene
  }

  /** For ssh itself, which takes the home of a user out of the password file. */
  get sshConfig(): string {
    return join(this.#around, 'ssh-config')
  }

  /** Starts `cap staging …`. */
  startCap(...tasks: string[]): Running {
    return this.#start('/usr/bin/cap', ['staging', ...tasks])
  }

  startCapstan(...words: string[]): Running {
    return this.#start(process.execPath, [
      '--conditions=capstan-source',
      join(ROOT, 'bin/capstan.cjs'),
      ...words,
    ])
  }

  cap(...tasks: string[]): Promise<Spoken> {
    return this.startCap(...tasks).ended
  }

  capstan(...words: string[]): Promise<Spoken> {
    return this.startCapstan(...words).ended
  }

  /** Rejects with all it said unless it ends with 0. */
  async mustCap(...tasks: string[]): Promise<Spoken> {
    return must(`cap staging ${tasks.join(' ')}`, await this.cap(...tasks))
  }

  async mustCapstan(...words: string[]): Promise<Spoken> {
    return must(`capstan ${words.join(' ')}`, await this.capstan(...words))
  }

  /** Writes the configuration as the importer does, and what it leaves to a person. Returns what it says to that person. */
  async import(): Promise<string> {
    const { stderr } = await this.mustCapstan('import-cap')
    const file = join(this.folder, 'capstan.config.ts')
    const byHand = `build: ['./build'],\n    soak: '1s',\n    ssh: ['-F', '${this.sshConfig}'],`
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('deploy: {\n', `deploy: {\n    ${byHand}\n`))
    return stderr
  }

  /** The commands that Capistrano has run on the host so far. */
  async capCommands(): Promise<number> {
    const log = await readFile(join(this.folder, 'log/capistrano.log'), 'utf8')
    return log.match(/^ (?: INFO|DEBUG) \[\w+\] Running /gm)?.length ?? 0
  }

  /** The name of the live release. */
  async current(): Promise<string> {
    const target = await this.host.output(['readlink', `${DEPLOY_TO}/current`])
    return target.slice(target.lastIndexOf('/') + 1)
  }

  async releases(): Promise<string[]> {
    return (await this.host.output(['ls', `${DEPLOY_TO}/releases`])).split('\n')
  }

  async sidekiq(): Promise<SidekiqState> {
    const show = (property: string) =>
      this.host.output(['systemctl', 'show', '--value', `--property=${property}`, 'sidekiq'])
    const pid = Number(await show('MainPID'))
    const process = `/proc/${pid}`
    const { stdout: directory } = await this.host.run(['readlink', `${process}/cwd`])
    const { stdout: title } = await this.host.run(`tr '\\0' ' ' <${process}/cmdline`)
    const release = /releases\/(\d{14})/.exec(directory)?.[1] ?? ''
    return { active: await show('ActiveState'), pid, release, title: title.trim() }
  }

  /** Waits until the Sidekiq is as expected. */
  sidekiqIs(what: string, isSo: (state: SidekiqState) => boolean): Promise<SidekiqState> {
    let last: SidekiqState
    return eventually(`sidekiq is ${what}`, LIMIT_MS, async () => {
      last = await this.sidekiq()
      return isSo(last) && last
    }).catch(async (error: Error) => {
      const journal = (await this.host.journal('sidekiq', '-n', '40')).join('\n')
      throw new Error(`${error.message}; it is ${JSON.stringify(last)}\n${journal}`)
    })
  }

  /** What jobs noted, oldest first. */
  async diary(): Promise<Noted[]> {
    const { stdout } = await this.host.run(['cat', DIARY])
    const lines = stdout.split('\n').filter(Boolean)
    return lines.map((line) => notedFrom(line, this.host.name)).sort((a, b) => a.at - b.at)
  }

  /** Waits for a line of the diary: `began NAME` or `ended NAME`. */
  noted(text: string, limitMs = LIMIT_MS): Promise<Noted> {
    return eventually(`the diary says "${text}"`, limitMs, async () =>
      (await this.diary()).find(({ what, job }) => `${what} ${job}` === text),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]()
    await rm(this.#around, { recursive: true, force: true })
  }

  #start(program: string, words: readonly string[]): Running {
    const child = spawn(program, words, {
      cwd: this.folder,
      env: {
        ...{ PATH: process.env.PATH, HOME: this.#around, USER: 'tester', LANG: 'C.UTF-8', NO_COLOR: '1' },
        ...{ CAPSTAN_BY: 'tester', RUBYLIB: join(import.meta.dirname, 'plugin') },
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new Running(child)
  }
}

function must(what: string, answer: Spoken): Spoken {
  if (answer.code === 0) return answer
  throw new Error(`${what}: code ${answer.code}\n${answer.stdout}${answer.stderr}`)
}

function notedFrom(line: string, host: string): Noted {
  const [at, release, what, job] = line.split(' ')
  return { at: Number(at), host, release: release!, what: what as Noted['what'], job: job! }
}
