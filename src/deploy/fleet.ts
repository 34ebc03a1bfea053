import { CapstanError, messageOf } from '../kernel/errors.ts'
import { RemoteError } from '../remote/errors.ts'

/** What went wrong on the hosts where it did, all of them. */
export class FleetError extends CapstanError {
  /** By the name of the host. */
  readonly failures: ReadonlyMap<string, unknown>

  constructor(failures: ReadonlyMap<string, unknown>) {
    const [cause] = failures.values()
    super(codeOf([...failures.values()]), fleetText(failures), { cause })
    this.failures = failures
  }
}

/** What happened to several hosts in the same way is said once. */
function fleetText(failures: ReadonlyMap<string, unknown>): string {
  const hostsOf = Map.groupBy(failures.keys(), (host) => textOf(failures.get(host)))
  return [...hostsOf].map(([text, hosts]) => `${hosts.join(', ')}: ${text}`).join('\n')
}

function textOf(failure: unknown): string {
  const text = messageOf(failure)
  // It names its host by itself.
  return failure instanceof RemoteError ? text.slice(`${failure.host}: `.length) : text
}

function codeOf(failures: readonly unknown[]): string {
  const codes = new Set(
    failures.map((failure) => (failure instanceof CapstanError ? failure.code : 'deploy.failed')),
  )
  const [only] = codes
  return codes.size === 1 && only !== undefined ? only : 'deploy.failed'
}

/**
 * Does the same on many hosts, `limit` at a time. Waits for all that were begun, whatever happens on one; after a
 * failure none is begun. Results are in the order of the hosts, whichever was done first.
 * @throws FleetError naming every host that failed
 */
export async function onEach<Host extends { readonly name: string }, Result>(
  hosts: readonly Host[],
  work: (host: Host) => Promise<Result>,
  limit = Number.POSITIVE_INFINITY,
): Promise<Map<string, Result>> {
  const results = new Map<string, Result>()
  const failures = new Map<string, unknown>()
  const waiting = [...hosts]
  const worker = async () => {
    for (let host = waiting.shift(); host !== undefined && failures.size === 0; host = waiting.shift()) {
      try {
        results.set(host.name, await work(host))
      } catch (error) {
        failures.set(host.name, error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, hosts.length) }, worker))
  if (failures.size > 0) throw new FleetError(inOrderOf(hosts, failures))
  return inOrderOf(hosts, results)
}

function inOrderOf<Value>(
  hosts: ReadonlyArray<{ readonly name: string }>,
  values: ReadonlyMap<string, Value>,
): Map<string, Value> {
  const place = new Map(hosts.map(({ name }, index) => [name, index]))
  return new Map([...values].sort(([a], [b]) => place.get(a)! - place.get(b)!))
}
