import type { Definition } from '../../src/job/definition.ts'
import { registry } from '../../src/job/registry.ts'
import type { ExchangeRequest } from '../../src/store/exchange.ts'
import { Capsule } from '../../src/worker/capsule.ts'
import { Executor } from '../../src/worker/executor.ts'
import { Outage } from '../../src/worker/outage.ts'
import { Tally } from '../../src/worker/tally.ts'
import { beatOf, capsuleInfo, Stage, work, workerInfo } from './stage.ts'

export const ME = workerInfo('host-2:4321:aaaaaaaaaaaa')
export const JIDS = ['1', '2', '3', '4', '5', '6']

/** A registered capsule. `ran` has the jid of every execution, also of those that were begun twice. */
export async function openCapsule(
  made: Definition,
  { concurrency = 2, queues = ['a'], seed = 1, isApart = false } = {},
) {
  const stage = new Stage(seed, isApart)
  const jobs = registry([made])
  let unregistered = 0
  const tally = new Tally()
  const capsule = new Capsule(stage.runtime, stage.line, {
    identity: ME.identity,
    info: capsuleInfo(concurrency, ...queues),
    outage: new Outage(stage.runtime),
    registry: jobs,
    executor: new Executor(stage.runtime, { registry: jobs }),
    tally,
    events: {},
    unregistered: () => {
      unregistered += 1
    },
  })
  await stage.store.heartbeat(beatOf(ME, stage.clock.now()))
  const exchanges = () => stage.callsOf('exchange').map(({ asked }) => asked[0] as ExchangeRequest)
  const held = async () =>
    (await stage.store.inFlight(ME.identity)).map(({ payload }) => JSON.parse(payload).jid)
  return { stage, capsule, exchanges, held, tally, unregistered: () => unregistered }
}

/** Notes the jids in the order of their runs. */
export function noting() {
  const ran: string[] = []
  return { ran, made: work((jid) => void ran.push(jid)) }
}
