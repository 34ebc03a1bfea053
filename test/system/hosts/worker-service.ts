import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { bootHost, type Host, type HostOptions } from './host.ts'

export const ROOT = join(import.meta.dirname, '../../..')

/** Where a host finds this checkout. */
export const CAPSTAN = '/opt/capstan'

/** A host on which they can live. */
export async function bootWorkerHost(options: HostOptions = {}): Promise<Host> {
  const host = await bootHost({ ...options, binds: { [ROOT]: CAPSTAN } })
  await host.addUser(USER)
  return host
}

const COMMAND = `/usr/local/bin/node --conditions=capstan-source ${CAPSTAN}/bin/capstan.cjs`

const USER = 'app'

/** So that only the first process of a host strips and compiles the source. */
const COMPILED = '/tmp/compiled'

const JOBS = `
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineJob } from 'capstan'
import { credential } from '${CAPSTAN}/src/systemd/index.ts'

const note = (line: string) => appendFileSync('diary', Math.round(performance.timeOrigin + performance.now()) + ' ' + line + '\\n')

const job = (name: string, run: (args: any) => unknown) => defineJob({ name, retry: 0, run })
export const Nap = job('Nap', async ([name, ms]) => {
  note('began ' + name)
  await sleep(ms)
  note('ended ' + name)
})
export const Block = job('Block', ([ms]) => {
  note('began Block')
  spin(performance.now() + ms)
})
function spin(until: number) {
  while (performance.now() < until);
}
export const Eat = job('Eat', async () => {
  note('began Eat')
  const eaten = []
  for (;;) {
    eaten.push(Buffer.alloc(8e6, 1))
    await sleep(1)
  }
})
export const Die = job('Die', () => process.kill(process.pid, 'SIGKILL'))
export const Tell = job('Tell', ([name]) => note('secret ' + credential(name) + ' ' + process.env[name]))
export const Fail = job('Fail', () => {
  throw new Error('out of paper')
})
`

export interface ServiceOptions {
  /** Lines of the unit's `[Service]` that come after, and so before, those of every test. */
  readonly service?: Readonly<Record<string, string>>
  readonly unit?: Readonly<Record<string, string>>
  /** Of the configuration, as it is written in there. */
  readonly config?: string
  /** Of `capstan work`. Default: a short drain, so that tests end soon. */
  readonly flags?: string
  /** Variables of the shell in which `capstan` is called beside the service. */
  readonly shell?: Readonly<Record<string, string>>
}

export interface JobPayload {
  readonly class: string
  readonly error_message?: string
  readonly capstan_crash?: { readonly causes: readonly string[] }
}

/** A worker as a service of a host: an application of its own in /srv/NAME, its store, and its unit. */
export class WorkerService {
  readonly host: Host
  readonly name: string
  readonly unit: string
  readonly #shell: Readonly<Record<string, string>>

  private constructor(host: Host, name: string, shell: Readonly<Record<string, string>>) {
    this.host = host
    this.name = name
    this.unit = `${name}.service`
    this.#shell = shell
  }

  /** Writes it; starts nothing. */
  static async on(host: Host, name: string, options: ServiceOptions = {}): Promise<WorkerService> {
    const service = new WorkerService(host, name, options.shell ?? {})
    const { config = "store: { sqlite: 'jobs.db' }" } = options
    const jobs = "jobs: ['jobs.ts'], poll: '200ms'"
    await host.write(`/srv/${name}/package.json`, '{ "type": "module" }')
    await host.write(`/srv/${name}/jobs.ts`, JOBS)
    await host.write(`/srv/${name}/capstan.config.ts`, `export default { ${jobs}, ${config} }\n`)
    await host.output(`chown -R ${USER}: /srv/${name}`)
    await host.write(`/etc/systemd/system/${service.unit}`, unitText(name, options))
    await host.output('systemctl daemon-reload')
    return service
  }

  /** Of systemctl; rejects with the journal when it fails. */
  async systemctl(...words: string[]): Promise<string> {
    try {
      return await this.host.output(['systemctl', ...words, this.unit])
    } catch (error) {
      throw new Error(`${String(error)}\n${(await this.journal()).join('\n')}`)
    }
  }

  async property(name: string): Promise<string> {
    return this.host.output(['systemctl', 'show', '--value', `--property=${name}`, this.unit])
  }

  /** Waits until a property of the unit is as expected. */
  async becomes(name: string, isExpected: RegExp | string, limitMs = 20_000): Promise<string> {
    const matches = (value: string) =>
      typeof isExpected === 'string' ? value === isExpected : isExpected.test(value)
    let last = ''
    return eventually(`${name} of ${this.unit} is ${isExpected}`, limitMs, async () => {
      last = await this.property(name)
      return matches(last) ? last || ' ' : null
    }).catch(async (error: Error) => {
      throw new Error(`${error.message}; it is ${last}\n${(await this.journal()).join('\n')}`)
    })
  }

  enqueue(job: string, ...args: unknown[]): Promise<string> {
    return this.capstan('enqueue', job, ...args.map((value) => JSON.stringify(value)))
  }

  capstan(...words: string[]): Promise<string> {
    const line = words.map((word) => `'${word}'`).join(' ')
    return this.host.output(`cd /srv/${this.name} && ${COMMAND} ${line}`, {
      ...{ user: USER, env: { NODE_COMPILE_CACHE: COMPILED, ...this.#shell } },
    })
  }

  /** What its jobs noted: text, and when, in ms since 1970. */
  async diary(): Promise<Array<{ at: number; text: string }>> {
    const { stdout } = await this.host.run(['cat', `/srv/${this.name}/diary`])
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => ({ at: Number(line.split(' ', 1)[0]), text: line.slice(line.indexOf(' ') + 1) }))
  }

  /** Waits for a line of the diary, the `count`th of them; resolves with its time. */
  async noted(text: string, count = 1, limitMs = 20_000): Promise<number> {
    return eventually(`${this.name} notes "${text}" ${count} times`, limitMs, async () => {
      return (await this.diary()).filter((line) => line.text === text)[count - 1]?.at
    }).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${(await this.journal()).join('\n')}`)
    })
  }

  /** The lines of the diary without their times. */
  async texts(): Promise<string[]> {
    return (await this.diary()).map(({ text }) => text)
  }

  /** The payloads of a place, as `capstan jobs` shows them. */
  async jobs(place: string): Promise<JobPayload[]> {
    const { jobs } = JSON.parse(await this.capstan('jobs', place, '--json')) as {
      jobs: { payload: string }[]
    }
    return jobs.map(({ payload }) => JSON.parse(payload) as JobPayload)
  }

  /** What the workers of the one waiting job have died of. */
  async causes(): Promise<readonly string[] | undefined> {
    const [job] = await this.jobs('default')
    return job?.capstan_crash?.causes
  }

  eventuallyDead(): Promise<JobPayload[]> {
    return eventually(`${this.name} has a dead job`, 20_000, async () => {
      const dead = await this.jobs('dead')
      return dead.length > 0 && dead
    })
  }

  journal(...options: string[]): Promise<string[]> {
    return this.host.journal(this.unit, ...options)
  }
}

function unitText(name: string, { service = {}, unit = {}, flags = '--timeout 1s' }: ServiceOptions): string {
  const settings: Record<string, string> = {
    Type: 'notify',
    NotifyAccess: 'main',
    User: USER,
    Environment: `NODE_COMPILE_CACHE=${COMPILED}`,
    WorkingDirectory: `/srv/${name}`,
    ExecStart: `${COMMAND} work ${flags}`,
    ExecReload: '/bin/kill -TSTP $MAINPID',
    ExecStopPost: `-${COMMAND} recover --unit %n`,
    KillMode: 'mixed',
    Restart: 'always',
    // As in the units that are rendered.
    RestartSec: '300ms',
    TimeoutStopSec: '20',
    ...service,
  }
  const lines = (pairs: Record<string, string>) => Object.entries(pairs).map((pair) => pair.join('='))
  return [
    '[Unit]',
    ...lines(unit),
    '[Service]',
    ...lines(settings),
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n')
}
