import type { Script } from '../../remote/script.ts'
import { type Reply, SAY } from '../on-host/reply.ts'

/** What the account that deploys has on a host. */
export interface AccountFacts {
  readonly isRoot: boolean
  /** The name of the system, such as `Debian GNU/Linux 12 (bookworm)`. */
  readonly system: string | null
  /** Whether systemd is the first process. */
  readonly hasSystemd: boolean
  /** What `sudo -l` lists without a password: a rule each, as `(root) NOPASSWD: …`. */
  readonly rules: readonly string[]
  /** Processes that call themselves Sidekiq. */
  readonly sidekiqs: ReadonlyArray<{ readonly pid: number; readonly user: string; readonly title: string }>
}

export function probeAccount(): Script {
  return { name: 'look at the account', body: BODY, reads: true }
}

export function accountFacts(reply: Reply): AccountFacts {
  return {
    isRoot: reply.one('uid') === '0',
    system: reply.one('system') ?? null,
    hasSystemd: reply.has('booted'),
    rules: reply
      .all('sudo')
      .map((line) => line.trim())
      .filter((line) => /^\(.*\) /.test(line)),
    sidekiqs: reply.all('sidekiq').map((value) => {
      const [pid, user = '', ...title] = value.split(' ')
      return { pid: Number(pid), user, title: title.join(' ').trim() }
    }),
  }
}

// sudo breaks its lines for a terminal, but not for a pipe.
const BODY = `${SAY}
say uid "$(id -u)"
if [ -r /etc/os-release ]; then say system "$(. /etc/os-release; echo "\${PRETTY_NAME:-}")"; fi
if [ -d /run/systemd/system ]; then say booted yes; fi
if command -v sudo >/dev/null; then
  { sudo -n -l 2>/dev/null || true; } | while IFS= read -r line; do say sudo "$line"; done
fi
for file in $(grep -alsE '^sidekiq [0-9]' /proc/[0-9]*/cmdline || true); do
  pid=\${file#/proc/}; pid=\${pid%/cmdline}
  say sidekiq "$pid $(stat -c %U "/proc/$pid" 2>/dev/null || true) $(tr '\\0\\n' '  ' <"$file" 2>/dev/null || true)"
done
`
