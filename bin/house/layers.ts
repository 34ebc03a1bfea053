/** Who may import whom, by folder below src/. */
export interface Layer {
  readonly may: readonly string[] | 'anything'
  /** What it may besides import, but only by `import()`, so that loading this folder does not load that one. */
  readonly dynamically?: readonly string[]
}

/**
 * A folder speaks for its subfolders, unless one of them has a row of its own: then only for its direct files.
 * `index.ts` is the front door of the package; the other entry points belong to their folder.
 */
export const LAYERS: Readonly<Record<string, Layer>> = {
  kernel: { may: [] },
  job: { may: ['kernel'] },
  store: { may: ['kernel', 'job'] },
  'store/memory': { may: ['kernel', 'job', 'store'] },
  'store/redis': { may: ['kernel', 'job', 'store'] },
  'store/sqlite': { may: ['kernel', 'job', 'store'] },
  client: { may: ['kernel', 'job', 'store'] },
  admin: { may: ['kernel', 'job', 'store'] },
  worker: { may: ['kernel', 'job', 'store', 'client'] },
  systemd: { may: ['kernel'] },
  remote: { may: ['kernel'] },
  'remote/ssh': { may: ['kernel', 'remote'] },
  'remote/local': { may: ['kernel', 'remote'] },
  deploy: { may: ['kernel', 'remote', 'systemd'] },
  config: {
    may: ['kernel', 'job', 'store', 'client', 'worker', 'systemd', 'deploy'],
    dynamically: ['store/memory', 'store/redis', 'store/sqlite'],
  },
  testing: { may: ['kernel', 'job', 'store', 'store/memory', 'client', 'worker'] },
  'index.ts': { may: ['kernel', 'job', 'store', 'client', 'config'] },
  cli: { may: 'anything' },
}

/** One part of the outside world, and the only files that may touch it. Tests are free to. */
export interface Door {
  readonly world: string
  /** Files, or folders with a slash at the end. */
  readonly only: readonly string[]
  /** Code that touches it. A plain name is not looked for behind a dot. */
  readonly uses: readonly string[]
  readonly modules: readonly string[]
}

/** Where two rows find the same code, the first one decides: `process.env` is freer than `process`. */
export const DOORS: readonly Door[] = [
  {
    world: 'time and timers',
    only: ['kernel/clock.ts'],
    uses: ['Date.now', 'Date()', 'performance', 'setTimeout', 'setInterval', 'AbortSignal.timeout'],
    modules: ['node:timers', 'node:timers/promises', 'node:perf_hooks'],
  },
  {
    world: 'chance',
    only: ['kernel/random.ts'],
    uses: [
      'Math.random',
      ...bothWays(
        'randomUUID',
        'randomBytes',
        'randomFillSync',
        'randomFill',
        'randomInt',
        'getRandomValues',
      ),
    ],
    modules: [],
  },
  {
    world: 'the environment',
    only: ['cli/', 'config/', 'systemd/credential.ts'],
    uses: ['process.env'],
    modules: [],
  },
  { world: 'the process', only: ['cli/'], uses: ['process'], modules: ['node:process'] },
  {
    world: 'the terminal',
    only: ['cli/'],
    uses: ['console'],
    modules: ['node:console', 'node:readline', 'node:tty'],
  },
  { world: 'SQLite', only: ['store/sqlite/'], uses: [], modules: ['node:sqlite', 'better-sqlite3'] },
  {
    world: 'Redis',
    only: ['store/redis/'],
    uses: [],
    modules: ['node:net', 'node:tls', 'ioredis', 'iovalkey', 'redis'],
  },
  {
    world: 'child processes',
    only: ['worker/isolation/', 'remote/ssh/', 'remote/local/', 'systemd/', 'cli/'],
    uses: [],
    modules: ['node:child_process'],
  },
  {
    world: 'threads',
    only: ['worker/isolation/', 'worker/watchdog/'],
    uses: [],
    modules: ['node:worker_threads'],
  },
]

/** LAYERS as the lines of a Markdown table, for ARCHITECTURE.md. */
export function layerTable(): string[] {
  const rows = Object.entries(LAYERS).map(([folder, layer]) => `| \`${folder}\` | ${permission(layer)} |`)
  return ['| folder | may import |', '|---|---|', ...rows]
}

function permission({ may, dynamically }: Layer): string {
  if (may === 'anything') return 'anything'
  const always = may.length === 0 ? 'nothing' : may.join(', ')
  return dynamically ? `${always}; by \`import()\` only: ${dynamically.join(', ')}` : always
}

function bothWays(...names: string[]): string[] {
  return names.flatMap((name) => [name, `.${name}`])
}
