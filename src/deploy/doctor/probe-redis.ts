import type { Script } from '../../remote/script.ts'
import { type Reply, SAY } from '../on-host/reply.ts'
import { error, note, type Remark, warning } from './host-finding.ts'

/** Where the jobs of a stage lie, as far as its hosts can be asked about it. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly username: string | null
  readonly password: string | null
  readonly isTls: boolean
}

/** Asks from the host: what we can reach says nothing about it. The password goes by a variable. */
export function probeRedis({ host, port, username, password, isTls }: RedisAddress): Script {
  return {
    name: 'look for Redis',
    body: `${SAY}${BODY}`,
    args: [host, String(port), username ?? '', isTls ? 'yes' : ''],
    env: password === null ? {} : { REDISCLI_AUTH: password },
    reads: true,
  }
}

const BODY = `
host=$1 port=$2
set -- \${3:+--user "$3"} \${4:+--tls}
if command -v redis-cli >/dev/null; then
  ask() { timeout 5 redis-cli -h "$host" -p "$port" "$@" 2>&1 || true; }
  say redis "$(ask "$@" ping | tail -n 1)"
  say redis-policy "$(ask "$@" config get maxmemory-policy | tail -n 1)"
  say redis-limit "$(ask "$@" config get maxmemory | tail -n 1)"
elif command -v bash >/dev/null; then
  if timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" 2>/dev/null; then say redis open
  else say redis 'no answer'; fi
fi
`

export function redisRemarks(address: RedisAddress, reply: Reply): Remark[] {
  const where = `Redis at ${address.host}:${address.port}`
  const answer = reply.one('redis')
  if (answer === undefined)
    return [note(`${where} was not looked at from here: neither redis-cli nor bash is there`)]
  if (answer === 'open')
    return [note(`${where} accepts connections (redis-cli is not there: its settings were not looked at)`)]
  if (answer !== 'PONG')
    return [
      error(
        `${where} does not answer a worker here: ${answer}`,
        `is it up, does it listen on an address that this host reaches (bind, protected-mode, firewall), and is the password right?`,
      ),
    ]
  return [note(`${where} answers`), ...evictionRemarks(where, reply)]
}

function evictionRemarks(where: string, reply: Reply): Remark[] {
  const policy = reply.one('redis-policy') ?? ''
  if (policy === 'noeviction') return []
  if (!/^(allkeys|volatile)-/.test(policy))
    return [note(`${where} does not tell its maxmemory-policy; jobs are safe only with noeviction`)]
  const isLimited = reply.one('redis-limit') !== '0'
  return [
    (isLimited ? error : warning)(
      `${where} has maxmemory-policy ${policy}: when its memory is full it throws jobs away`,
      'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf',
    ),
  ]
}
