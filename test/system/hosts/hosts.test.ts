import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { ended } from './command.ts'
import { bootHost, type Host } from './host.ts'
import { WITHOUT_HOSTS } from './without-hosts.ts'

/** A connection to another host; without an answer it ends with 124. */
const connectTo = (address: string) => `timeout 2 bash -c '</dev/tcp/${address}/22'`

const ssh = (host: Host, ...words: string[]) => ended(['ssh', '-F', host.ssh.configFile, ...words])

describe('a host', { skip: WITHOUT_HOSTS }, () => {
  test('is up when it is given out: systemd runs, with the pinned Node, and Redis for whoever wants it', async () => {
    await using host = await bootHost({ name: 'web-1' })
    assert.equal(await host.output('systemctl is-system-running'), 'running')
    assert.equal(await host.output(['hostname']), 'web-1')
    assert.equal(await host.output(['ps', '-o', 'comm=', '-p', '1']), 'systemd')
    assert.equal(await host.output(['node', '--version']), process.version)
    assert.equal((await host.run('systemctl is-active redis-server')).stdout, 'inactive\n')
    await host.output('systemctl start redis-server')
    assert.equal(await host.output('redis-cli ping'), 'PONG')
  })

  test('has no Node when it is not to have it, and sees what is bound to it, read-only', async () => {
    await using host = await bootHost({ node: false, binds: { [import.meta.dirname]: '/srv/hosts' } })
    assert.equal((await host.run('node --version')).code, 127)
    const name = '/srv/hosts/hosts.test.ts'
    assert.equal(await host.read(name), readFileSync(import.meta.filename, 'utf8'))
    assert.match((await host.run(['touch', name])).stderr, /Read-only file system/)
  })

  test('runs commands in a clean environment, as any user, and says how they ended', async () => {
    await using host = await bootHost()
    await host.addUser('deploy')
    process.env.HOSTS_TEST_SECRET = 'x'
    const { stdout } = await host.run(['env'], { user: 'deploy', env: { RELEASE: '7 b' } })
    assert.doesNotMatch(stdout, /HOSTS_TEST_SECRET/)
    assert.match(stdout, /^HOME=\/home\/deploy$/m)
    assert.match(stdout, /^RELEASE=7 b$/m)
    assert.equal(await host.output('id -un; cat', { user: 'deploy', input: 'read' }), 'deploy\nread')
    assert.deepEqual(await host.run('echo out; echo err >&2; exit 3'), {
      code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    })
    assert.equal((await host.run('kill -9 $$')).code, 128 + 9)
    await assert.rejects(host.output('echo out; echo err >&2; exit 3'), /code 3\nout\nerr\n/)
  })

  test('goes on with a command that was stopped with all others, as at the start of a shutdown', async () => {
    await using host = await bootHost()
    assert.equal((await host.run('kill -STOP $$; echo goes on')).stdout, 'goes on\n')
  })

  test('takes files with a mode and an owner', async () => {
    await using host = await bootHost()
    await host.addUser('deploy')
    await host.write('/srv/app/secret', 'x=1\n', { mode: '600', owner: 'deploy' })
    assert.equal(await host.output('stat -c "%a %U" /srv/app/secret'), '600 deploy')
    assert.equal(await host.read('/srv/app/secret'), 'x=1\n')
    assert.equal(readFileSync(host.path('/srv/app/secret'), 'utf8'), 'x=1\n')
    await assert.rejects(host.read('/srv/app/none'), /No such file/)
  })

  test('lets users in by ssh with a key, checked against the key of the host', async () => {
    await using host = await bootHost({ name: 'web-1' })
    await host.addUser('deploy')
    assert.deepEqual(await ssh(host, 'web-1', 'whoami'), { code: 0, stdout: 'root\n', stderr: '' })
    assert.equal((await ssh(host, 'deploy@web-1', 'whoami; hostname')).stdout, 'deploy\nweb-1\n')
    assert.equal((await ssh(host, `deploy@${host.address}`, 'whoami')).stdout, 'deploy\n')
    const stranger = await ssh(host, '-o', 'IdentityFile=none', '-i', '/dev/null', 'nobody@web-1', 'whoami')
    assert.match(stranger.stderr, /Permission denied/)
  })

  test('gives a user the right to sudo what was named, and nothing else', async () => {
    await using host = await bootHost()
    await host.addUser('deploy', { sudo: 'NOPASSWD: /usr/bin/systemctl is-active *' })
    const asDeploy = (command: string) => host.run(command, { user: 'deploy' })
    assert.deepEqual(await asDeploy('sudo -n systemctl is-active ssh'), {
      code: 0,
      stdout: 'active\n',
      stderr: '',
    })
    assert.match((await asDeploy('sudo -n systemctl stop ssh')).stderr, /password is required/)
    await assert.rejects(host.addUser('other', { sudo: 'nonsense' }), /expected a fully-qualified path name/)
  })

  test('comes up again after a reboot with its disk and its journal, as another boot', async () => {
    await using host = await bootHost()
    await host.write(
      '/etc/systemd/system/says.service',
      '[Service]\nType=oneshot\nExecStart=echo here\n[Install]\nWantedBy=multi-user.target\n',
    )
    await host.output('systemctl enable --now says')
    const before = await host.bootId()
    await host.reboot()
    assert.notEqual(await host.bootId(), before)
    const said = await host.journal('says.service')
    assert.deepEqual(
      said.filter((line) => line === 'here'),
      ['here', 'here'],
    )
    const now = await host.journal('says.service', '--boot')
    assert.equal(now.filter((line) => line === 'here').length, 1)
    assert.equal((await ssh(host, host.name, 'whoami')).stdout, 'root\n')
  })

  test('loses its processes by a power cut and stops its units when switched off; its disk stays', async () => {
    await using host = await bootHost()
    await host.write(
      '/etc/systemd/system/ends.service',
      '[Service]\nExecStart=sleep infinity\nExecStop=touch /srv/was-stopped\n',
    )
    await host.output('systemctl start ends')
    await host.powerCut()
    await assert.rejects(host.run('true'), /is off/)
    await host.powerOn()
    await assert.rejects(host.powerOn(), /is on already/)
    assert.equal((await host.run('test -e /srv/was-stopped')).code, 1)
    await host.output('systemctl start ends')
    await host.powerOff()
    await host.powerOn()
    assert.equal((await host.run('test -e /srv/was-stopped')).code, 0)
  })

  test('that comes up with a failed unit is told as degraded, with the unit', async () => {
    await using host = await bootHost()
    await host.write(
      '/etc/systemd/system/bad.service',
      '[Service]\nType=oneshot\nExecStart=false\n[Install]\nWantedBy=multi-user.target\n',
    )
    await host.output('systemctl enable bad')
    await assert.rejects(host.reboot(), /degraded:[\s\S]*bad\.service/)
  })

  test('with limits has MemoryMax enforced', async () => {
    await using host = await bootHost({ limits: true })
    const hungry = 'const kept = []; for (let i = 0; i < 300; i++) kept.push(Buffer.alloc(1e6, 1))'
    const limited = ['systemd-run', '--wait', '--quiet', '--property=MemoryMax=100M']
    const { code, stderr } = await host.run([...limited, 'node', '-e', hungry])
    assert.notEqual(code, 0, stderr)
    assert.equal((await host.run([...limited, 'node', '-e', ''])).code, 0)
  })
})

describe('two hosts', { skip: WITHOUT_HOSTS }, () => {
  test('booted at once have addresses of their own, reach each other, and not over a cut line', async () => {
    const hosts = await Promise.all([bootHost(), bootHost()])
    await using one = hosts[0]
    await using other = hosts[1]
    assert.notEqual(one.address, other.address)
    assert.equal((await one.run(connectTo(other.address))).code, 0)
    assert.equal((await one.run(connectTo(`${one.gateway}`))).code !== 124, true, 'the machine answers')
    await other.cutLine()
    assert.equal((await one.run(connectTo(other.address))).code, 124)
    assert.equal((await other.run('echo in')).stdout, 'in\n', 'the way without the network stays')
    await other.restoreLine()
    assert.equal((await one.run(connectTo(other.address))).code, 0)
  })
})

describe('nothing is left', { skip: WITHOUT_HOSTS }, () => {
  test('of a host that was disposed of, even while it was rebooting', async () => {
    const host = await bootHost()
    const traces = tracesOf(host.path(''), dirname(dirname(host.ssh.keyFile)))
    assert.deepEqual(traces(), ['processes', 'cgroups', 'disk', 'cable'])
    await host.output('systemctl reboot --no-block')
    await host[Symbol.asyncDispose]()
    assert.deepEqual(traces(), [])
    assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), /capstan-hosts/)
  })

  test('of the host of a killed test process once another host is booted; those of live processes stay', async () => {
    await using live = await bootHost()
    const killed = await hostOfAnotherProcess()
    await using stays = await hostOfAnotherProcess()
    killed.child.kill('SIGKILL')
    await once(killed.child, 'exit')
    assert.ok(killed.traces().includes('processes'), 'it outlives its owner')
    await using _ = await bootHost()
    assert.deepEqual(killed.traces(), [])
    assert.deepEqual(stays.traces(), ['processes', 'cgroups', 'disk', 'cable'])
    assert.equal(await live.output(connectTo(stays.address)), '')
  })
})

interface Another extends AsyncDisposable {
  readonly child: ReturnType<typeof spawn>
  readonly address: string
  readonly traces: () => string[]
}

/** A host in a process that holds it until its input ends. */
async function hostOfAnotherProcess(): Promise<Another> {
  const script = `
    import { once } from 'node:events'
    import { bootHost } from ${JSON.stringify(join(import.meta.dirname, 'host.ts'))}
    await using host = await bootHost()
    console.log(JSON.stringify([host.address, host.path(''), host.ssh.keyFile]))
    await once(process.stdin.resume(), 'end')`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const [address, root, keyFile] = JSON.parse(String(line)) as [string, string, string]
  return {
    child,
    address,
    traces: tracesOf(root, dirname(dirname(keyFile))),
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit')
      child.stdin.end()
      await exited
    },
  }
}

/**
 * Tells what there is of a host now. Everything is known by a number that nothing made later has, because other test
 * processes may use the name of the host for theirs as soon as it is free.
 */
function tracesOf(root: string, folder: string): () => string[] {
  const leader = dirname(root)
  const group = readFileSync(join(leader, 'cgroup'), 'utf8').match(/0::(\/capstan-host\d+)\//)![1]!
  const processes = processesIn(readlinkSync(join(leader, 'ns/net')))
  const trees = readdirSync('/sys/fs/cgroup').map((tree) => join('/sys/fs/cgroup', tree, group))
  const inodes = new Map([...trees, folder].map((path) => [path, inodeOf(path)]))
  const remains = (path: string) => inodes.get(path) !== null && inodes.get(path) === inodeOf(path)
  const cable = readFileSync(join('/sys/class/net', group, 'ifindex'), 'utf8')
  return () => [
    ...([...processes].some(([process, start]) => startOf(process) === start) ? ['processes'] : []),
    ...(trees.some(remains) ? ['cgroups'] : []),
    ...(remains(folder) ? ['disk'] : []),
    ...(cables().includes(cable) ? ['cable'] : []),
  ]
}

/** All that are in a network, systemd and what started it included, with their starts. */
function processesIn(network: string): Map<string, string> {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const members = all.map((pid) => `/proc/${pid}`).filter((process) => networkOf(process) === network)
  return new Map(members.map((process) => [process, startOf(process) ?? 'ended']))
}

function networkOf(process: string): string | null {
  try {
    return readlinkSync(join(process, 'ns/net'))
  } catch {
    return null // it has ended meanwhile
  }
}

/** A number may be used again at once, so the time is told too. */
function inodeOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.ino} ${stat.birthtimeMs}`
}

function cables(): string[] {
  const names = readdirSync('/sys/class/net').map((name) => join('/sys/class/net', name, 'ifindex'))
  return names.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8'))
}

/** When a process was started; null when it has ended, though nobody may have taken note yet. */
function startOf(process: string): string | null {
  try {
    const fields = readFileSync(join(process, 'stat'), 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[0] === 'Z' ? null : fields[19]!
  } catch {
    return null
  }
}
