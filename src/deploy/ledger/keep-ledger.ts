import { messageOf } from '../../kernel/errors.ts'
import { inOrder } from '../../remote/script.ts'
import type { DeployHost, Deployment } from '../deployment.ts'
import { type Service, servicesOn } from '../services/service.ts'
import { countJobs, type JobCounts, type Unknown } from './count-jobs.ts'
import { askAccount, serviceAccount } from './host-account.ts'
import { type AccountedService, type Ledger, ledgerOf } from './ledger.ts'

const MS_PER_S = 1_000
/** It is the last question of a deploy: nothing may hang on it. */
const LIMIT_MS = 20_000

export interface ClosingParams {
  /** What `countJobs` said when the deployment began. */
  readonly before: JobCounts | Unknown
  /** What it started has been ended. */
  readonly isTakenBack: boolean
}

/** Closes the ledger of a deployment, however it ended. Never fails: what cannot be learnt is unknown. */
export async function closeLedger(
  deployment: Deployment,
  { before, isTakenBack }: ClosingParams,
): Promise<Ledger> {
  const [after, perHost] = await Promise.all([
    countJobs(deployment),
    deployment.onHosts((host) => accountsOf(deployment, host)),
  ])
  const services = [...perHost.values()].flat()
  return ledgerOf({ before, after, services: isTakenBack ? services.map(withoutReady) : services })
}

/** Old ones that were started again, and new ones that still ran meanwhile: no moment is the one at which a gap ended. */
function withoutReady(service: AccountedService): AccountedService {
  if ('unknown' in service.account) return service
  return { ...service, account: { ...service.account, readyMs: null, why: 'the deploy was taken back' } }
}

async function accountsOf(deployment: Deployment, host: DeployHost): Promise<AccountedService[]> {
  const services = servicesOn(deployment.stage, host).filter(({ type }) => type !== 'unit')
  if (services.length === 0) return []
  const { skewMs } = deployment.before(host)
  // To the millisecond: what an earlier deploy's worker handed back a moment before is not this one's.
  const since = Math.round(deployment.params.startedAt + skewMs) / MS_PER_S
  const questions = services.map((service) =>
    askAccount({ service, units: deployment.unitsOf(host, service), since }),
  )
  const accounted = (service: Service, account: AccountedService['account']): AccountedService => ({
    ...{ host: host.name, service: service.name, isWorker: service.type === 'worker', account },
    toldMs: deployment.moments.toldMs(host.name, service.name),
  })
  try {
    const { stdout } = await host.shell.run(inOrder('take stock', questions), { timeoutMs: LIMIT_MS })
    return services.map((service) => accounted(service, serviceAccount(service, stdout)))
  } catch (error) {
    return services.map((service) => accounted(service, { unknown: messageOf(error) }))
  }
}
