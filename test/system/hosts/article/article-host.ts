import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { bootHost, type Host } from '../host.ts'

/** Where the deployment lies on the host. */
export const DEPLOY_TO = '/var/www/example/staging'
/** What the jobs write. */
export const DIARY = `${DEPLOY_TO}/shared/log/diary`

/** What the repository of the application is called on the host. */
export const REPOSITORY = '/srv/git/example'

export const UNIT_FILE = '/etc/systemd/system/sidekiq.service'
const SUDOERS_FILE = '/etc/sudoers.d/deploy'

/** What a whole line of sudoers says after the user, as most people have it. */
export const BROAD_RULE = 'NOPASSWD: /usr/bin/systemctl'

/** Redis of the host is there for this machine, too, which enqueues. */
const REDIS = 'bind 0.0.0.0\nprotected-mode no\n'

/**
 * A server as many are: a Redis, a Sidekiq under a unit written by hand, as root and from a login shell, a user who may
 * run systemctl as root, and the repository of a small Ruby application. Nothing is deployed yet.
 */
export async function bootArticleHost(publicKey: string): Promise<Host> {
  const host = await bootHost({ name: 'web-1', node: false })
  try {
    await host.addUser('deploy', { sudo: BROAD_RULE, publicKey })
    await host.output(`printf '${REDIS}' >>/etc/redis/redis.conf && systemctl enable --now redis-server`)
    await host.output(`install -d -o deploy -g deploy /var/www/example ${REPOSITORY}`)
    await cp(join(import.meta.dirname, 'app'), host.path(REPOSITORY), { recursive: true })
    await host.output(`chown -R deploy: ${REPOSITORY}`)
    await commit(host, 'the beginning')
    await buildTakes(host, 0)
    await cp(join(import.meta.dirname, 'sidekiq.service'), host.path(UNIT_FILE))
    await host.output('systemctl daemon-reload')
    return host
  } catch (error) {
    await host[Symbol.asyncDispose]()
    throw error
  }
}

/** Commits all that is in the repository's folder, and be it nothing new. */
export async function commit(host: Host, words: string): Promise<void> {
  const git = 'git -c user.name=Ada -c user.email=ada@example.org'
  const script = `cd ${REPOSITORY} && { [ -d .git ] || git init -q -b main; } && git add -A && ${git} commit -q --allow-empty -m "$1"`
  await host.output(['sh', '-c', script, 'sh', words], { user: 'deploy' })
}

/** How long the build of the application takes from now on. */
export function buildTakes(host: Host, seconds: number): Promise<void> {
  return host.write('/srv/build-seconds', `${seconds}\n`)
}

/** Writes what `deploy` may do as root, in place of what it might before: whole lines of sudoers. */
export async function allow(host: Host, ...rules: string[]): Promise<void> {
  await host.write(SUDOERS_FILE, rules.map((rule) => `${rule}\n`).join(''), { mode: '440' })
  await host.output(['visudo', '--check', `--file=${SUDOERS_FILE}`])
}
