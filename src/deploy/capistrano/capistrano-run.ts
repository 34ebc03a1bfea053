import type { Remark } from './remark.ts'
import type { Statement } from './ruby-statements.ts'
import {
  entriesOf,
  evaluate,
  Lazy,
  RubyHash,
  RubySymbol,
  textOf,
  textsOf,
  Unresolved,
  type Value,
} from './ruby-value.ts'
import { unreadAdvice } from './unread-advice.ts'
import { variableAdvice } from './variable-advice.ts'

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
  /** The file of all stages, in remarks on what is in none. */
  readonly deployFile: string
  readonly remarks: Remark[] = []
  readonly required = new Set<string>()
  readonly #constants = new Map<string, Value>()
  readonly #settings = new Map<string, { readonly value: Value; readonly at: string }>()
  /** Where settings were last made by code that was not read, or by asking. */
  readonly #unread = new Map<string, string>()
  readonly #used = new Set<string>()
  readonly #servers = new Map<string, Server>()

  constructor(deployFile: string) {
    this.deployFile = deployFile
  }

  run(file: string, statements: readonly Statement[]): void {
    for (const statement of statements) {
      const at = `${file}:${statement.line}`
      if ('unread' in statement) this.#notRead(at, statement.unread, statement.saysServers)
      else if ('constant' in statement) this.#assign(at, statement)
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
    return value instanceof Lazy ? evaluate(value.body, this) : value
  }

  readonly constant = (name: string): Value | undefined => this.#constants.get(name)

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

  /** A remark on hosts that are left out. */
  lose(at: string, text: string): void {
    this.remarks.push({ at, text, hostsMissing: true })
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

  #assign(at: string, statement: Extract<Statement, { constant: string }>): void {
    const { constant, value, source } = statement
    try {
      this.#constants.set(constant, evaluate(value, this))
      this.#remarkVariables(at, statement, null)
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error
      this.#notRead(at, source, false)
    }
  }

  #call(at: string, { call, args, source, variables }: Call): void {
    const command = COMMANDS[call]
    if (command === undefined) {
      this.#notRead(at, source, false)
      return
    }
    const [key] = args
    const setting = SETTERS.includes(call) && key?.kind === 'symbol' ? key.name : null
    try {
      const values = args.map((arg) =>
        call === 'install_plugin' && arg.kind === 'constant' ? new RubySymbol(arg.name) : evaluate(arg, this),
      )
      command(this, values, at)
      if (call !== 'ask') this.#remarkVariables(at, { source, variables }, setting)
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error
      if (setting !== null) this.#unread.set(setting, at)
      const text = `not read: ${source}: ${error.message}`
      if (SERVERS.includes(call)) this.lose(at, `${text}; ${HOSTS_MISSING}`)
      else if (COMMANDS[call] === hooked) this.remark(at, `${text}; ${unreadAdvice(call)}`)
      else this.remark(at, `${text}; write its value by hand, until then the default holds`)
    }
  }

  #remarkVariables(
    at: string,
    { source, variables }: { source: string; variables: readonly string[] },
    setting: string | null,
  ): void {
    for (const variable of variables)
      this.remark(at, `changed: ${source}: ${variableAdvice(variable, setting)}`)
  }

  /** What a person would be asked for at each deploy. */
  ask(key: string, at: string): void {
    this.#unread.set(key, at)
    this.remark(at, `not read: ask :${key}: ${unreadAdvice('ask')}`)
  }

  #notRead(at: string, code: string, saysServers: boolean): void {
    const key = UNREAD_SETTING.exec(code)?.[1]
    if (key !== undefined) this.#unread.set(key, at)
    // It may have assigned another value, or changed the one there is.
    this.#constants.delete(/^[A-Z]\w*/.exec(code)?.[0] ?? '')
    const advice = unreadAdvice(code)
    const since = /^set(_if_empty)?\b/.test(code) ? '; until then the default holds' : ''
    if (saysServers) this.lose(at, `not read: ${code}: ${advice ?? 'it is code'}; ${HOSTS_MISSING}`)
    else if (advice !== null) this.remark(at, `not read: ${code}: ${advice}${since}`)
  }
}

type Call = Extract<Statement, { call: string }>

const SERVERS = ['server', 'role']
const HOSTS_MISSING =
  'its hosts are missing from the configuration, and a deploy without them leaves them on their old release'
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
