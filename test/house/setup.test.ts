import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')

/** What the shell commands need of the system; the rest of PATH is ours. */
const SYSTEM = [
  'ln',
  'bash',
  'sh',
  'env',
  'basename',
  'dirname',
  'awk',
  'sed',
  'tr',
  'sort',
  'head',
  'cat',
  'rm',
  'grep',
  'mktemp',
  'mkdir',
  'touch',
  'chmod',
]

/** What boots hosts. */
const HOSTS = ['systemd-nspawn', 'debootstrap', 'ip', 'ssh', 'sshd', 'git', 'cap', 'tcsh', 'fish']

/** Puts the packages in place as npm does. */
const INSTALL = `mkdir -p node_modules/.bin node_modules/node
  printf '#!/bin/sh\\necho v24.1.0\\n' >node_modules/.bin/node; chmod +x node_modules/.bin/node
  touch node_modules/.package-lock.json`

/** A checkout with a machine of its own: `npm`, `apt-get` and `id` write down how they were called. */
let copy: string
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'capstan-setup-'))
  cpSync(join(ROOT, 'bin'), join(copy, 'bin'), { recursive: true })
  redirectToCopy('bin/house/install-debian-packages.sh', ['/usr/sbin/policy-rc.d'])
  writeFileSync(join(copy, 'package.json'), '{ "engines": { "node": ">=22.18" } }')
  writeFileSync(join(copy, 'package-lock.json'), '{}')
  mkdirSync(join(copy, 'machine'))
  for (const program of SYSTEM) symlinkSync(systemPath(program), join(copy, 'machine', program))
  machine('npm', `[ "$1" = --version ] && { echo 11.1.0; exit; }\necho "npm $*" >>"$LOG"\n${INSTALL}`)
  machine('apt-get', 'echo "apt-get $DEBIAN_FRONTEND $*" >>"$LOG"')
  machine('id', 'echo 0')
  for (const program of ['redis-server', 'redis-sentinel', 'openssl', 'sidekiq', 'redis-namespace', ...HOSTS])
    machine(program, '')
})
afterEach(() => rmSync(copy, { recursive: true, force: true }))

function systemPath(program: string): string {
  return spawnSync('bash', ['-c', `type -P ${program}`], { encoding: 'utf8' }).stdout.trim()
}

/** Lets a script of the copy find the system's paths in the copy. */
function redirectToCopy(script: string, paths: readonly string[]): void {
  let text = readFileSync(join(copy, script), 'utf8')
  for (const path of paths) {
    assert.ok(text.includes(path), path)
    text = text.replaceAll(path, join(copy, 'root', path))
    mkdirSync(dirname(join(copy, 'root', path)), { recursive: true })
  }
  write(script, text)
}

function machine(program: string, body: string): void {
  write(join('machine', program), `#!/bin/sh\n${body}\n`)
}

function write(file: string, text: string): void {
  mkdirSync(dirname(join(copy, file)), { recursive: true })
  writeFileSync(join(copy, file), text)
  chmodSync(join(copy, file), 0o755)
}

function remove(...programs: string[]): void {
  for (const program of programs) rmSync(join(copy, 'machine', program))
}

/** The calls of npm and apt-get, and how the command ended. */
function run(args: string[] = [], command = 'setup') {
  const log = join(copy, 'log')
  rmSync(log, { force: true })
  const { stdout, stderr, status } = spawnSync(join(copy, 'bin', command), args, {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: { PATH: join(copy, 'machine'), LOG: log },
  })
  const calls = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
  return { stdout, stderr, status, calls }
}

describe('npm packages', () => {
  test('are installed from the lock file at first, and not again', () => {
    const first = run()
    assert.equal(first.stderr, 'bin/setup: installing the npm packages with npm 11.1.0\n')
    assert.equal(
      first.stdout,
      `setup: ready, with Node 24.1.0 and redis-server redis-sentinel openssl sidekiq redis-namespace ${HOSTS.join(' ')}\n`,
    )
    assert.match(first.calls.join(), /^npm ci [^,]*$/)
    const second = run()
    assert.deepEqual([second.calls, second.stderr, second.status], [[], '', 0])
  })

  test('are installed again when the lock file is newer', () => {
    run()
    const later = new Date(Date.now() + 60_000)
    utimesSync(join(copy, 'package-lock.json'), later, later)
    assert.equal(run().calls.length, 1)
  })

  test('are installed with npm install when the lock file lacks packages of other platforms only', () => {
    const lacking = 'echo "npm error Missing: @x/android@ from lock file" >&2'
    machine('npm', `echo "npm $*" >>"$LOG"\nif [ "$1" = ci ]; then ${lacking}; exit 1; fi\n${INSTALL}`)
    const { calls, status } = run()
    assert.match(
      calls.filter((call) => !call.includes('--version')).join(),
      /^npm ci [^,]*,npm install --no-save [^,]*$/,
    )
    assert.equal(status, 0)
  })

  for (const words of ['Missing: zod@4.0.0 from lock file', 'network unreachable']) {
    test(`are not installed in another way after "${words}"; npm's words are shown`, () => {
      machine(
        'npm',
        `echo "npm $*" >>"$LOG"\n[ "$1" = --version ] || { echo "npm error ${words}" >&2; exit 1; }`,
      )
      const { calls, stderr, status } = run()
      assert.ok(!calls.some((call) => call.includes('install')))
      assert.ok(stderr.includes(words))
      assert.equal(status, 1)
    })
  }

  test('are installed by any other command that finds them missing', () => {
    const { calls, stdout } = run(['--table'], 'check-layers')
    assert.match(calls.join(), /^npm ci/)
    assert.equal(stdout, 'v24.1.0\n')
  })
})

describe('the pinned Node', () => {
  test('that npm did not fetch is fetched by its installer', () => {
    machine('npm', `mkdir -p node_modules/.bin node_modules/node; touch node_modules/.package-lock.json`)
    machine(
      'node',
      `[ "$1" = installArchSpecificPackage.js ] && mkdir bin && echo 'echo v24.1.0' >bin/node && chmod +x bin/node`,
    )
    const { stderr, stdout, status } = run()
    assert.match(stderr, /fetching the pinned Node/)
    assert.match(stdout, /Node 24\.1\.0/)
    assert.equal(status, 0)
  })

  test('that stays too old is an error that says what to do', () => {
    machine('npm', INSTALL.replace('v24.1.0', 'v22.17.1'))
    machine('node', 'exit 1')
    const { stderr, status } = run()
    assert.match(stderr, /is not Node 22\.18 or newer \(found: 22\.17\.1\)[\s\S]*remove node_modules/)
    assert.equal(status, 1)
  })
})

describe('programs', () => {
  test('that are missing are installed by root, after an update, without questions', () => {
    remove('redis-sentinel', 'openssl')
    const [, update, install] = run().calls
    assert.match(update!, /^apt-get noninteractive .*update$/)
    assert.match(
      install!,
      /^apt-get noninteractive .*install -y --no-install-recommends redis-sentinel openssl$/,
    )
  })

  test('that are missing are named to anybody else, with the command to install them', () => {
    remove('redis-server', 'redis-sentinel')
    machine('id', 'echo 1000')
    const { stderr, status } = run()
    assert.match(
      stderr,
      /missing: redis-server redis-sentinel; run: sudo apt-get update && sudo apt-get install redis-server redis-sentinel\n$/,
    )
    assert.equal(status, 1)
  })

  test('that are missing where there is no apt-get are named', () => {
    remove('openssl', 'apt-get')
    assert.match(run().stderr, /missing: openssl; install them with your system's package manager\n$/)
  })

  test('of Redis may be left out', () => {
    remove('redis-server', 'redis-sentinel')
    const { stdout, calls } = run(['--without', 'redis', '--without', 'hosts'])
    assert.equal(stdout, 'setup: ready, with Node 24.1.0 and openssl sidekiq redis-namespace\n')
    assert.equal(calls.length, 1)
  })

  test('of Ruby are installed by the name of their package, and may be left out', () => {
    remove('sidekiq')
    assert.match(run().calls.at(-1)!, /install -y --no-install-recommends ruby-sidekiq$/)
    remove('redis-server', 'redis-sentinel')
    const { stdout } = run(['--without', 'redis', '--without', 'ruby', '--without', 'hosts'])
    assert.equal(stdout, 'setup: ready, with Node 24.1.0 and openssl\n')
  })

  test('of hosts are installed by the names of their packages, by root only, and may be left out', () => {
    remove(...HOSTS)
    const packages =
      'systemd-container debootstrap iproute2 openssh-client openssh-server git capistrano tcsh fish'
    assert.ok(run().calls.at(-1)!.endsWith(` ${packages}`))
    const ready =
      'setup: ready, with Node 24.1.0 and redis-server redis-sentinel openssl sidekiq redis-namespace\n'
    assert.equal(run(['--without', 'hosts']).stdout, ready)
    machine('id', 'echo 1000')
    assert.equal(run().stdout, ready)
  })

  for (const args of [['--without'], ['--without', 'node'], ['redis'], ['--without', 'redisx']]) {
    test(`are not looked for after unknown arguments: ${args.join(' ')}`, () => {
      const { stderr, status, calls } = run(args)
      assert.match(stderr, /unknown arguments: .* \(see bin\/setup --help\)/)
      assert.deepEqual([status, calls], [1, []])
    })
  }

  test('of Redis do not start as services: a policy forbids it during the installation only', () => {
    remove('redis-server')
    const policy = join(copy, 'root/usr/sbin/policy-rc.d')
    machine('apt-get', `sh '${policy}'; echo "policy $?" >>"$LOG"`)
    assert.deepEqual(run().calls.slice(1), ['policy 101', 'policy 101'])
    assert.ok(!existsSync(policy), 'our policy is gone')
    write('root/usr/sbin/policy-rc.d', 'exit 3')
    assert.deepEqual(run().calls, ['policy 3', 'policy 3'])
    assert.ok(existsSync(policy), 'the policy of the machine stays')
  })

  test('of Redis do not start at the next boot either', () => {
    remove('redis-server', 'openssl')
    machine('systemctl', 'echo "systemctl $*" >>"$LOG"')
    assert.deepEqual(run().calls.slice(3), ['systemctl disable redis-server.service'])
  })

  test('that cannot be installed fail the set-up, with the words of apt-get', () => {
    remove('redis-server')
    machine('apt-get', 'echo "E: no network" >&2; exit 100')
    const { stderr, status } = run()
    assert.match(stderr, /E: no network/)
    assert.equal(status, 1)
  })
})
