import type { Node, Statement } from './ruby-statements.ts'
import { entriesOf, evaluate, Lazy, RubyHash, textOf, textsOf, Unresolved, type Value } from './ruby-value.ts'
import { unreadAdvice } from './unread-advice.ts'

/** Something a person has to look at, and where: `config/deploy.rb:12`, or `stage production`. */
export interface Remark {
  readonly at: string
  readonly text: string
}

/** A server, with what all statements together say of it. */
export interface Server {
  /** `host` or `host:port`; the user is a property. */
  readonly address: string
  readonly roles: readonly string[]
  readonly properties: ReadonlyMap<string, Value>
  readonly at: string
}

type Command = (run: CapistranoRun, args: readonly Value[], at: string) => void

/** What Capistrano would know after it has run its files for one stage. */
export class CapistranoRun {
  readonly remarks: Remark[] = []
  readonly required = new Set<string>()
  readonly #settings = new Map<string, { readonly value: Value; readonly at: string }>()
  /** Where settings were last made by code that was not read, or by asking. */
  readonly #unread = new Map<string, string>()
  readonly #used = new Set<string>()
  readonly #servers = new Map<string, Server>()

  run(file: string, statements: readonly Statement[]): void {
    for (const statement of statements) {
      const at = `${file}:${statement.line}`
      if ('unread' in statement) this.#notRead(at, statement.unread)
      else this.#call(at, statement)
    }
  }

  get servers(): Server[] {
    return [...this.#servers.values()]
  }

  get settings(): ReadonlySet<string> {
    return new Set(this.#settings.keys())
  }

  /** Where a setting was made. */
  placeOf(key: string): string {
    return this.#unread.get(key) ?? this.#settings.get(key)?.at ?? 'default'
  }

  /** Whether its value was asked for. */
  isUsed(key: string): boolean {
    return this.#used.has(key)
  }

  /** Whether the last statement about a setting, if there is one, is one that could be read. */
  isRead(key: string): boolean {
    return !this.#unread.has(key)
  }

  readonly fetch = (key: string): Value | undefined => {
    const value = this.#settings.get(key)?.value
    return value instanceof Lazy ? evaluate(value.body, this.fetch) : value
  }

  /** The value of a setting; undefined when it is not set, nil, or hangs on something that was not read. */
  value(key: string): Value | undefined {
    this.#used.add(key)
    return this.#tried(key, () => this.fetch(key) ?? undefined)
  }

  text(key: string): string | undefined {
    const value = this.value(key)
    return value === undefined ? undefined : this.#tried(key, () => textOf(value))
  }

  texts(key: string): string[] | undefined {
    const value = this.value(key)
    return value === undefined ? undefined : this.#tried(key, () => textsOf(value))
  }

  set(key: string, value: Value, at: string): void {
    this.#unread.delete(key)
    this.#settings.set(key, { value, at })
  }

  /** Statements about the same host and port add up. */
  serve(server: Server): void {
    const [, user, address = server.address] = /^(?:(.*)@)?(.*)$/.exec(server.address) ?? []
    const known = this.#servers.get(address)
    const roles = [...new Set([...(known?.roles ?? []), ...server.roles])]
    const named = user === undefined ? [] : [['user', user] as const]
    const properties = new Map([...(known?.properties ?? []), ...named, ...server.properties])
    this.#servers.set(address, { address, at: known?.at ?? server.at, roles, properties })
  }

  remark(at: string, text: string): void {
    this.remarks.push({ at, text })
  }

  #tried<Read>(key: string, read: () => Read): Read | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error
      this.remark(
        this.placeOf(key),
        `not read: ${key}: ${error.message}; write its value by hand, until then the default holds`,
      )
      return undefined
    }
  }

  #call(at: string, { call, args }: { call: string; args: readonly Node[] }): void {
    const command = COMMANDS[call]
    if (command === undefined) {
      this.#notRead(at, call)
      return
    }
    try {
      command(
        this,
        args.map((arg) => evaluate(arg, this.fetch)),
        at,
      )
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error
      const [key] = args
      if (SETTERS.includes(call) && key?.kind === 'symbol') this.#unread.set(key.name, at)
      this.remark(
        at,
        `not read: ${call}: ${error.message}; write its value by hand, until then the default holds`,
      )
    }
  }

  /** What a person would be asked for at each deploy. */
  ask(key: string, at: string): void {
    this.#unread.set(key, at)
    this.remark(at, `not read: ask :${key}: ${unreadAdvice('ask')}`)
  }

  #notRead(at: string, code: string): void {
    const key = UNREAD_SETTING.exec(code)?.[1]
    if (key !== undefined) this.#unread.set(key, at)
    const advice = unreadAdvice(code)
    const since = /^set(_if_empty)?\b/.test(code) ? '; until then the default holds' : ''
    if (advice !== null) this.remark(at, `not read: ${code}: ${advice}${since}`)
  }
}

const SETTERS = ['set', 'set_if_empty', 'ask']
const UNREAD_SETTING = /^(?:set|set_if_empty|ask)\b[\s(]*[:'"](\w+)/

const COMMANDS: Readonly<Record<string, Command>> = {
  set: (run, [key, value = null], at) => run.set(textOf(key), value, at),
  set_if_empty: (run, [key, value = null], at) => {
    if (run.fetch(textOf(key)) === undefined) run.set(textOf(key), value, at)
  },
  append: (run, [key, ...values], at) =>
    run.set(textOf(key), [...textsOf(run.fetch(textOf(key))), ...textsOf(values)], at),
  remove: (run, [key, ...values], at) => {
    const gone = textsOf(values)
    run.set(
      textOf(key),
      textsOf(run.fetch(textOf(key))).filter((each) => !gone.includes(each)),
      at,
    )
  },
  server: (run, [address, options], at) => {
    const properties = entriesOf(options)
    const roles = textsOf(properties.get('roles') ?? properties.get('role'))
    for (const key of ['roles', 'role']) properties.delete(key)
    run.serve({ address: textOf(address), roles, properties, at })
  },
  role: (run, [role, hosts, options], at) => {
    const properties = options instanceof RubyHash ? entriesOf(options) : new Map<string, Value>()
    for (const address of textsOf(hosts)) run.serve({ address, roles: [textOf(role)], properties, at })
  },
  require: (run, [feature]) => void run.required.add(textOf(feature)),
  install_plugin: (run, [plugin]) => void run.required.add(textOf(plugin)),
  ask: (run, [key], at) => run.ask(textOf(key), at),
  lock: (run, _args, at) => run.remark(at, 'dropped: lock: it is about the version of Capistrano'),
  before: hooked,
  after: hooked,
}

/** Tasks of the Sidekiq plugin that a service of ours does by itself. */
function hooked(run: CapistranoRun, [point, task]: readonly Value[], at: string): void {
  const names = `${textOf(point)} → ${textOf(task)}`
  if (/^sidekiq:/.test(textOf(task)))
    run.remark(at, `${names}: dropped: the service sidekiq does this by itself`)
  else run.remark(at, `not read: ${names}: ${unreadAdvice('after')}`)
}
