import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { renderUnit } from '../../src/systemd/render-unit.ts'
import { workerUnit, workerUnitName } from '../../src/systemd/worker-unit.ts'
import type { WorkerUnitOptions } from '../../src/systemd/worker-unit-options.ts'
import { eventually } from '../system/hosts/eventually.ts'
import { bootHost, type Host } from '../system/hosts/host.ts'
import { WITHOUT_HOSTS } from '../system/hosts/without-hosts.ts'

const ROOT = join(import.meta.dirname, '../..')
const CAPSTAN = '/opt/capstan'
const INSTANCE = '20261124103000-1'

const CONFIG = `export default { store: { sqlite: '/var/www/shop/shared/jobs.db' } }`

/** Writes where it may, asks Node for what a filter could forbid, and says both. */
const JOB = `
import { defineJob } from 'capstan'
import { writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { spawnSync } from 'node:child_process'
const attempt = (what) => { try { return what() ?? 'done' } catch (error) { return error.code } }
export const probe = defineJob({
  name: 'Probe',
  retry: false,
  run([path]) {
    writeFileSync(path, JSON.stringify({
      loopback: 'lo' in networkInterfaces(),
      child: spawnSync('/bin/echo', ['hello']).stdout.toString().trim(),
      wasm: WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
      outside: attempt(() => writeFileSync('/var/www/shop/outside', '')),
      home: attempt(() => writeFileSync(process.env.HOME + '/outside', '')),
    }))
  },
})
`

const OPTIONS: WorkerUnitOptions = {
  application: 'shop',
  service: 'worker',
  deployTo: '/var/www/shop',
  user: 'deploy',
  manager: 'system',
  node: '/usr/local/bin/node',
  shape: 'template',
  timeoutMs: 5_000,
  environment: { NODE_OPTIONS: '--conditions=capstan-source' },
}

const LIMIT_MS = 30_000

describe('a unit of ours on a host', { skip: WITHOUT_HOSTS }, () => {
  let host: Host
  before(async () => {
    host = await bootHost({ binds: { [ROOT]: CAPSTAN } })
    await host.addUser('deploy')
    const release = '/var/www/shop/releases/20261124103000'
    await host.write(`${release}/capstan.config.ts`, CONFIG)
    await host.write(`${release}/package.json`, '{"type":"module"}')
    await host.write(`${release}/jobs/probe.ts`, JOB)
    await host.output(`mkdir -p ${release}/node_modules /var/www/shop/shared /var/www/shop/.capstan/instances
      ln -s ${CAPSTAN} ${release}/node_modules/capstan
      ln -s ${release} /var/www/shop/.capstan/instances/${INSTANCE}
      ln -s ${release} /var/www/shop/current
      chown -R deploy:deploy /var/www/shop`)
  })
  after(() => host?.[Symbol.asyncDispose]())

  const property = (unit: string, name: string, flags = '') =>
    host.output(`systemctl ${flags} show --property=${name} --value ${unit}`)

  async function install(options: WorkerUnitOptions): Promise<string> {
    const version = Number(/^systemd (\d+)/.exec(await host.output('systemctl --version'))![1])
    const { text } = renderUnit(workerUnit(options), { systemdVersion: version, manager: options.manager })
    const path = `/etc/systemd/system/${workerUnitName(options)}`
    await host.write(path, text)
    await host.output('systemctl daemon-reload')
    return path
  }

  test('under strict is verified by systemd, scores at most 2.0, and its worker works', async () => {
    const path = await install({ ...OPTIONS, hardening: 'strict' })
    const { code, stderr } = await host.run(['systemd-analyze', '--man=no', 'verify', path])
    assert.deepEqual([code, stderr], [0, ''])
    await host.output(['systemd-analyze', 'security', '--offline=true', '--threshold=20', path])
    const unit = `shop-worker@${INSTANCE}.service`
    await host.output(['systemctl', 'enable', '--now', unit])
    const command = `cd /var/www/shop/current && node node_modules/capstan/bin/capstan.cjs enqueue Probe /var/www/shop/shared/answer`
    await host.output(command, { user: 'deploy', env: { NODE_OPTIONS: '--conditions=capstan-source' } })
    const answer = await eventually('the job has written its answer', LIMIT_MS, async () => {
      const { code: there, stdout } = await host.run(['cat', '/var/www/shop/shared/answer'])
      return there === 0 && stdout !== '' ? stdout : null
    })
    assert.deepEqual(JSON.parse(answer), {
      ...{ loopback: true, child: 'hello', wasm: true, outside: 'EROFS' },
      home: 'EACCES',
    })
    const pid = await property(unit, 'MainPID')
    assert.equal(await host.output(`readlink /proc/${pid}/cwd`), '/var/www/shop/releases/20261124103000')
    await host.output(['systemctl', 'reload', unit])
    await eventually('it is quiet', LIMIT_MS, async () => /^quiet/.test(await property(unit, 'StatusText')))
    await host.output(['systemctl', 'kill', '--kill-who=main', '-s', 'KILL', unit])
    await eventually('it was started again', LIMIT_MS, async () => {
      const state = await property(unit, 'ActiveState')
      return state === 'active' && Number(await property(unit, 'NRestarts')) >= 1
    })
    await host.output(['systemctl', 'disable', '--now', unit])
    assert.deepEqual(
      [await property(unit, 'Result'), await property(unit, 'ActiveState')],
      ['success', 'inactive'],
    )
  })

  test('is known to live by whoever looks from outside of its sandbox', async () => {
    const unit = 'shop-seen.service'
    await install({ ...OPTIONS, service: 'seen', shape: 'fixed' })
    await host.output(['systemctl', 'start', unit])
    const capstan = (words: string) =>
      host.run(`cd /var/www/shop/current && node node_modules/capstan/bin/capstan.cjs ${words}`, {
        ...{ user: 'deploy', env: { NODE_OPTIONS: '--conditions=capstan-source' } },
      })
    const { workers } = JSON.parse((await capstan('workers --json')).stdout)
    const pid = Number(await property(unit, 'MainPID'))
    const { identity } = workers.find((worker: { pid: number }) => worker.pid === pid)
    const { code, stderr } = await capstan(`recover ${identity}`)
    assert.deepEqual([code, stderr.includes('is alive on this host')], [2, true])
    await host.output(['systemctl', 'stop', unit])
  })

  test('gives a worker up that always crashes', async () => {
    const unit = 'shop-broken.service'
    const path = await install({ ...OPTIONS, service: 'broken', shape: 'fixed' })
    // A process that cannot even begin, so that its ten starts are soon over.
    const text = (await host.read(path))
      .replace(/^Exec(Start|StopPost)=.*\n/gm, '')
      .replace('[Service]', '[Service]\nExecStart=/bin/false')
    await host.write(path, text)
    await host.output('systemctl daemon-reload')
    await host.run(['systemctl', 'start', '--no-block', unit])
    await eventually(
      'systemd has given it up',
      60_000,
      async () => (await property(unit, 'ActiveState')) === 'failed',
    )
    assert.ok(Number(await property(unit, 'NRestarts')) >= 9)
    assert.match(
      (await host.journal('init.scope', `--unit=${unit}`)).join('\n'),
      /Start request repeated too quickly/,
    )
  })

  test('does not start one again that was used wrongly', async () => {
    const unit = 'shop-wrong.service'
    await install({ ...OPTIONS, service: 'wrong', shape: 'fixed', options: ['--concurrency', 'many'] })
    assert.equal((await host.run(['systemctl', 'start', unit])).code, 1)
    assert.deepEqual(
      [
        await property(unit, 'ActiveState'),
        await property(unit, 'NRestarts'),
        await property(unit, 'ExecMainStatus'),
      ],
      ['failed', '0', '2'],
    )
  })

  test('hands texts over as they are', async () => {
    const options = ['--tag', 'a "b" $HOME \'c\' 100% %n; \\ ä', ';', '']
    const greeting = 'say "hello" to $USER\\n 5%'
    const deployTo = '/srv/a 100% shop'
    await host.write(
      `${deployTo}/current/node_modules/capstan/bin/capstan.cjs`,
      `
      if (process.argv[2] === 'work') require('fs').writeFileSync(process.cwd() + '/said.json',
        JSON.stringify([process.argv.slice(3), process.env.GREETING, process.env.FROM_FILE, process.cwd(),
          require('fs').readFileSync(process.env.CREDENTIALS_DIRECTORY + '/key', 'utf8')]))`,
    )
    await host.write('/srv/a file', 'FROM_FILE="b c"\n', { mode: '600' })
    await host.write('/etc/shop.key', 'secret', { mode: '600' })
    await host.output(['chown', '-R', 'deploy:deploy', deployTo])
    await install({
      ...{ ...OPTIONS, application: 'texts', shape: 'fixed', deployTo, options },
      environment: { GREETING: greeting },
      environmentFiles: ['/srv/a file', '-/no/such'],
      credentials: { key: '/etc/shop.key' },
    })
    // It ends without having said that it is ready, which is a failure, but not the point here.
    await host.run(['systemctl', 'start', 'texts-worker.service'])
    await host.output(['systemctl', 'stop', 'texts-worker.service'])
    const said = JSON.parse(await host.read(`${deployTo}/current/said.json`))
    assert.deepEqual(said, [options, greeting, 'b c', `${deployTo}/current`, 'secret'])
  })

  test("works under strict in a user's own manager", async () => {
    const options = {
      ...OPTIONS,
      manager: 'user' as const,
      hardening: 'strict' as const,
      service: 'own',
      shape: 'fixed' as const,
    }
    const { text, notes } = renderUnit(workerUnit(options), { systemdVersion: 252, manager: 'user' })
    assert.deepEqual(notes, [])
    await host.write('/home/deploy/.config/systemd/user/shop-own.service', text, { owner: 'deploy:deploy' })
    await host.output('chown -R deploy:deploy /home/deploy')
    const { stderr } = await host.run('systemctl --user start shop-own', { user: 'deploy' })
    assert.match(stderr, /Failed to connect to bus: No medium found/)
    const uid = await host.output('id -u deploy')
    await host.output('loginctl enable-linger deploy')
    await eventually("the user's manager is up", LIMIT_MS, async () => {
      return (await host.run(['test', '-S', `/run/user/${uid}/systemd/private`])).code === 0
    })
    const env = { XDG_RUNTIME_DIR: `/run/user/${uid}` }
    await host.output('systemctl --user enable --now shop-own.service', { user: 'deploy', env })
    const state = await host.output('systemctl --user is-active shop-own.service', { user: 'deploy', env })
    assert.equal(state, 'active')
    await host.output('systemctl --user disable --now shop-own.service', { user: 'deploy', env })
  })

  test('without ExecReload= quiet fails in the words that the check explains', async () => {
    const unit = '[Service]\nType=exec\nUser=deploy\nExecStart=/bin/sleep 600\n'
    await host.write('/etc/systemd/system/sidekiq.service', unit)
    await host.output('systemctl daemon-reload && systemctl start sidekiq.service')
    const { code, stderr } = await host.run('systemctl reload sidekiq.service')
    assert.equal(code, 3)
    assert.match(stderr, /Job type reload is not applicable for unit sidekiq\.service/)
    await host.output('systemctl kill --signal=KILL sidekiq.service')
  })
})
