import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ended } from './command.ts'
import { DeployScene } from './deploy/deploy-scene.ts'
import { eventually } from './eventually.ts'
import { bootHost, type Host } from './host.ts'
import { WITHOUT_HOSTS } from './without-hosts.ts'
import { ROOT } from './worker-service.ts'

interface Finding {
  readonly host: string
  readonly severity: 'error' | 'warning' | 'note'
  readonly what: string
  readonly fix: string | null
}

const DEPLOY_TO = '/var/www/example/staging'
const LIVE = '20260102000000'

const CAPSTAN_HERE = join(ROOT, 'bin/capstan.cjs')

/** Of the application of `DeployScene`. */
const DEPLOYED = '/var/www/shop/releases'

/** The tree as Capistrano leaves it, with what its dead runs and a restored backup leave besides. */
const TREE = `
mkdir -p ${DEPLOY_TO} && cd ${DEPLOY_TO}
for release in 20260101000000 ${LIVE} 20260103000000; do mkdir -p releases/$release/config; done
mkdir -p shared/config shared/log shared/public/system
touch shared/config/database.yml
for path in config/database.yml log; do ln -s ${DEPLOY_TO}/shared/$path releases/${LIVE}/$path; done
mkdir releases/${LIVE}/public && ln -s ${DEPLOY_TO}/shared/public/system releases/${LIVE}/public/system
ln -s releases/${LIVE} current
ln -s ${DEPLOY_TO}/releases/20260103000000 releases/current
git init --quiet --bare repo
git --git-dir=repo config remote.origin.url https://ci:s3cret@git.example/example.git
echo 'Branch master (at 1111111) deployed as release 20260101000000 by ada' >revisions.log
echo 'Branch master (at 2222222) deployed as release ${LIVE} by grace' >>revisions.log
printf -- '---\\n:concurrency: 1\\n' >releases/${LIVE}/config/sidekiq.yml
touch releases/${LIVE}/app.rb
`

/** Stands where rbenv's shim of bundle would, and runs the Sidekiq of the system. */
const SHIM = `#!/bin/sh
shift 2
exec sidekiq "$@" -r ./app.rb
`

describe('capstan doctor STAGE', { skip: WITHOUT_HOSTS }, () => {
  describe('on a host that Capistrano and a hand-written unit set up', () => {
    let host: Host
    let folder: string
    let findings: Finding[]
    let code: number

    before(async () => {
      host = await bootHost({ name: 'web-1' })
      await host.addUser('hoge', { sudo: 'NOPASSWD: /usr/bin/systemctl' })
      await host.output(TREE)
      await host.output(`chown -R hoge:hoge /var/www/example && chown root ${DEPLOY_TO}/shared`)
      await host.write('/home/hoge/.rbenv/shims/bundle', SHIM, { mode: '755' })
      const article = join(ROOT, 'src/systemd/fixtures/article-sidekiq.service')
      await host.write('/etc/systemd/system/sidekiq.service', await readFile(article, 'utf8'), {
        owner: 'hoge',
      })
      const plugin = join(ROOT, 'src/systemd/fixtures/plugin-sidekiq.service')
      const own = '/home/hoge/.config/systemd/user/example_sidekiq_staging.service'
      await host.write(own, await readFile(plugin, 'utf8'), { owner: 'hoge' })
      await host.output('systemctl start redis-server && systemctl daemon-reload && systemctl start sidekiq')
      await host.output('systemctl kill --kill-who=main -s TSTP sidekiq')
      await eventually('Sidekiq says in its title that it is quiet', 30_000, async () => {
        const { stdout } = await host.run('cat /proc/$(systemctl show --value -p MainPID sidekiq)/cmdline')
        return stdout.includes('stopping')
      })
      folder = await mkdtemp(join(tmpdir(), 'capstan-doctor-'))
      await writeFile(join(folder, 'capstan.config.ts'), configText(host))
      const answer = await doctor(folder, '--json')
      code = answer.code
      findings = JSON.parse(answer.stdout).findings
    })
    after(async () => {
      await host[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    })

    const finds = (severity: Finding['severity'], what: RegExp, fix?: RegExp) => {
      const found = findings.filter((finding) => finding.severity === severity && what.test(finding.what))
      assert.equal(found.length, 1, `${severity} ${what}: ${JSON.stringify(findings, null, 1)}`)
      if (fix !== undefined) assert.match(found[0]?.fix ?? '', fix)
    }

    test('ends with 1', () => assert.equal(code, 1))

    test('tells which releases there are, who deployed last, and from where', () => {
      finds('note', /has 3 releases \(2 good, 1 incomplete\).* live is 20260102000000, made by Capistrano/)
      finds('note', /^grace deployed branch master as release 20260102000000, says revisions\.log$/)
      finds('warning', /repo\/ fetches from https:\/\/\*\*\*@git\.example\/example\.git, .* says git@git/)
    })

    test('finds what makes the next deploy of Capistrano go wrong', () => {
      finds('warning', /current is a relative link/, /next deploy by Capstan/)
      finds(
        'warning',
        /releases\/current was left by a deploy/,
        /^rm \/var\/www\/example\/staging\/releases\/current$/,
      )
    })

    test('finds folders that the deploy may not write to', () =>
      finds('error', /staging\/shared belongs to root/, /chown/))

    test('finds links of the live release that the configuration lacks', () => {
      finds('note', /^2 linked files and folders .* are configured$/)
      finds('warning', /links public\/system to shared/, /linkedDirs/)
    })

    test('finds the worker that takes nothing, with the command that mends it', () =>
      finds('error', /sidekiq\.service is active and deaf/, /^sudo systemctl restart sidekiq\.service$/))

    test('finds that the worker is root, that its file makes its owner root, and that nothing starts it at boot', () => {
      finds('error', /sidekiq\.service: its process \d+ runs as root/, /User=/)
      finds('error', /belongs to hoge with mode 644: whoever may write it is root/, /chown root:root/)
      finds(
        'warning',
        /sidekiq\.service runs but does not start at boot/,
        /systemctl enable sidekiq\.service/,
      )
    })

    test('finds the unit that a later plugin left in the manager of the user, which nothing keeps alive', () => {
      finds(
        'note',
        /^example_sidekiq_staging\.service \(user manager, \/home\/hoge\/\.config\/.* does not start at boot/,
      )
      finds('warning', /^example_sidekiq_staging\.service: RAILS_MASTER_KEY looks like a secret/)
      finds('error', /linger is off for hoge/, /loginctl enable-linger hoge/)
    })

    test('checks the text of the unit', () => {
      finds('error', /^sidekiq\.service: there is no User=/)
      finds('note', /^sidekiq\.service: syslog\.target was removed/)
    })

    test('explains why the sudo rule is root, and prints those that are enough', () => {
      finds('error', /^sudo: \/usr\/bin\/systemctl without arguments allows every argument, and that is root/)
      finds(
        'note',
        /capstan-example\n(.*\n)*hoge ALL=\(root\) NOPASSWD: \/usr\/bin\/systemctl restart sidekiq\.service/,
      )
    })

    test('asks the repository from the host', () =>
      finds('error', /^web-1 cannot read the repository git@git\.example:example\.git; correct source\.git/))

    test('asks Redis from the host', () => finds('note', /^Redis at 127\.0\.0\.1:6379 answers$/))

    test('has changed nothing, and says the same to a person', async () => {
      assert.equal(await host.output(`readlink ${DEPLOY_TO}/current`), `releases/${LIVE}`)
      assert.equal((await host.run(`ls -d ${DEPLOY_TO}/.capstan`)).code, 2)
      const { stdout } = await doctor(folder)
      assert.match(stdout, /^web-1\n/)
      assert.match(stdout, /error .* active and deaf.*\n +fix: sudo systemctl restart sidekiq\.service\n/)
      assert.doesNotMatch(stdout, /s3cret/)
    })
  })

  describe('on hosts that Capstan set up', () => {
    let scene: DeployScene
    before(async () => {
      const services = {
        worker: { type: 'worker', timeout: '60s' },
        cache: { type: 'unit', unit: 'redis-server.service' },
      }
      scene = await DeployScene.open({ hosts: 2, deploy: { services } })
      await scene.must('setup', 'production')
    })
    after(() => scene[Symbol.asyncDispose]())

    test('finds no error and no warning, before the first deploy and after it', async () => {
      assert.deepEqual(await trouble(scene), [])
      await scene.deploy()
      assert.deepEqual(await trouble(scene), [])
    })

    test('finds a worker that was quieted by hand', async () => {
      const [worker] = await scene.worksIn(scene.host, (await scene.current())!)
      await scene.host.output(['systemctl', 'kill', '--kill-who=main', '-s', 'TSTP', worker!.unit])
      const [finding, ...others] = await eventually('doctor finds it', 10_000, async () => {
        const found = await trouble(scene)
        return found.length > 0 && found
      })
      assert.match(finding!.what, /is active and deaf.*quiet, 0 jobs left/)
      assert.deepEqual(others, [])
      await scene.host.output(['systemctl', 'restart', worker!.unit])
    })

    test('names a host that does not answer, and looks at the others', async () => {
      await scene.host.output('systemctl stop ssh.socket ssh.service')
      const found = await trouble(scene)
      assert.deepEqual(
        found.map(({ host, severity }) => [host, severity]),
        [['web-1', 'error']],
      )
      await scene.host.output('systemctl start ssh.service')
    })

    test('unit diff tells what was changed by hand, and only root may read the rules of sudo', async () => {
      const same = await scene.must('unit', 'diff', 'production')
      assert.match(same.stdout, /web-1: .*shop-worker@\.service: as setup writes it\n/)
      assert.match(same.stdout, /web-1: \/etc\/sudoers\.d\/capstan-shop: not compared: only root may read it/)
      await scene.host.output(`
        sed -i 's/^WatchdogSec=.*/WatchdogSec=5/' /etc/systemd/system/shop-worker@.service
        chmod 664 /etc/systemd/system/shop-worker@.service
        echo 'deploy ALL=(root) NOPASSWD: ALL' >>/etc/sudoers.d/capstan-shop`)
      const { code, stdout } = await scene.capstan('unit', 'diff', 'production', '--admin', 'root')
      assert.equal(code, 1)
      assert.match(stdout, /\[Service\] WatchdogSec=5; setup writes WatchdogSec=30\n/)
      assert.match(stdout, /is root:root 664; setup makes it root:root 644\n/)
      assert.match(stdout, /capstan-shop: differs.*\n {2}too much: deploy ALL=\(root\) NOPASSWD: ALL\n/)
      assert.match(stdout, /web-2: \/etc\/sudoers\.d\/capstan-shop: as setup writes it\n/)
      await scene.must('setup', 'production')
      await scene.must('unit', 'diff', 'production', '--admin', 'root')
    })

    test('shell runs a command in the live release of all hosts, and says where it failed', async () => {
      const release = await scene.current()
      const { stdout } = await scene.must(
        'shell',
        'production',
        '--',
        'sh',
        '-c',
        'readlink -f . ; echo "a  b"',
      )
      const lines = scene.hosts.flatMap(({ name }) => [`${name}  ${DEPLOYED}/${release}`, `${name}  a  b`])
      assert.deepEqual(stdout.trim().split('\n').sort(), lines.sort())
      const failed = await scene.capstan('shell', 'production', '--hosts', 'web-2', '--', 'false')
      assert.deepEqual([failed.code, failed.stderr], [1, 'web-2: exit code 1\n'])
    })

    test('shell gives a terminal in the live release', async () => {
      const words = [process.execPath, '--conditions=capstan-source', CAPSTAN_HERE]
      const line = [...words, '-C', join(scene.folder, 'capstan.config.ts'), 'shell', 'production'].join(' ')
      const input = 'pwd -P; tty; exit 3\n'
      const { code, stdout } = await ended(
        ['script', '--quiet', '--return', '--command', line, '/dev/null'],
        { input },
      )
      assert.equal(code, 0, stdout)
      assert.match(stdout, new RegExp(`^${DEPLOYED}/${await scene.current()}\r?$`, 'm'))
      assert.match(stdout, /^\/dev\/pts\/\d+\r?$/m)
    })
  })
})

async function trouble(scene: DeployScene): Promise<Finding[]> {
  const { stdout } = await scene.capstan('doctor', 'production', '--json')
  const { findings } = JSON.parse(stdout) as { findings: Finding[] }
  return findings.filter(({ severity }) => severity !== 'note')
}

function doctor(folder: string, ...words: string[]) {
  const config = join(folder, 'capstan.config.ts')
  return ended([
    process.execPath,
    '--conditions=capstan-source',
    CAPSTAN_HERE,
    '-C',
    config,
    'doctor',
    'staging',
    ...words,
  ])
}

function configText({ ssh }: Host): string {
  const deploy = {
    application: 'example',
    deployTo: DEPLOY_TO,
    source: { git: 'git@git.example:example.git' },
    linkedFiles: ['config/database.yml'],
    linkedDirs: ['log'],
    services: { sidekiq: { type: 'sidekiq' } },
    ssh: ['-F', ssh.configFile],
    stages: { staging: { hosts: ['hoge@web-1'] } },
  }
  return `export default ${JSON.stringify({ store: { redis: 'redis://127.0.0.1:6379' }, deploy }, null, 2)}\n`
}
