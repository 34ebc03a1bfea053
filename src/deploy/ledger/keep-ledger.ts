import { messageOf } from '../../kernel/errors.ts'
import { inOrder } from '../../remote/script.ts'
import type { DeployHost, Deployment } from '../deployment.ts'
import { type Service, servicesOn } from '../services/service.ts'
import { countJobs, type JobCounts, type Unknown } from './count-jobs.ts'
import { askAccount, serviceAccount } from './host-account.ts'
import { type AccountedService, type Ledger, ledgerOf } from './ledger.ts'

const MS_PER_S = 1_000
/** It is the last question of a deploy that went well: nothing may hang on it. */
const LIMIT_MS = 20_000

/** Closes the ledger of a deployment that went through. Never fails: what cannot be learnt is unknown. */
export async function closeLedger(deployment: Deployment, before: JobCounts | Unknown): Promise<Ledger> {
  const [after, perHost] = await Promise.all([
    countJobs(deployment),
    deployment.onHosts((host) => accountsOf(deployment, host)),
  ])
  return ledgerOf({ before, after, services: [...perHost.values()].flat() })
}

async function accountsOf(deployment: Deployment, host: DeployHost): Promise<AccountedService[]> {
  const services = servicesOn(deployment.stage, host).filter(({ type }) => type !== 'unit')
  if (services.length === 0) return []
  const { skewMs } = deployment.before(host)
  const since = Math.floor((deployment.params.startedAt + skewMs) / MS_PER_S)
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
