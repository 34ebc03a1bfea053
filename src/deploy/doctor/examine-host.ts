import type { Clock } from '../../kernel/clock.ts'
import { inOrder } from '../../remote/script.ts'
import type { DeployHost } from '../deployment.ts'
import { Reply } from '../on-host/reply.ts'
import { preflightFrom, preflightQuestions } from '../phases/preflight.ts'
import { problemsOf } from '../phases/preflight-problems.ts'
import type { Stage } from '../stage.ts'
import { accountRemarks } from './account-remarks.ts'
import { error, type HostFinding } from './host-finding.ts'
import { accountFacts, probeAccount } from './probe-account.ts'
import { probeRedis, type RedisAddress, redisRemarks } from './probe-redis.ts'
import { foundUnits, probeServices } from './probe-services.ts'
import { probeTree, treeFacts } from './probe-tree.ts'
import { unitRemarks } from './service-remarks.ts'
import { sourceRemarks } from './source-remarks.ts'
import { treeRemarks } from './tree-remarks.ts'

export interface ExamineParams {
  readonly clock: Clock
  readonly stage: Stage
  /** Where the jobs lie; null when that is not Redis, or not known here. */
  readonly redis: RedisAddress | null
}

/**
 * Looks at everything on a host that a deploy or a worker depends on, in one question and one for the code. Changes nothing. Finds as well
 * what Capistrano and its plugin for Sidekiq left there.
 */
export async function examineHost(
  { clock, stage, redis }: ExamineParams,
  host: DeployHost,
): Promise<HostFinding[]> {
  const asked = clock.now()
  const { stdout } = await host.shell.run(
    inOrder('look at the host', [
      ...preflightQuestions(stage, host),
      probeTree(stage.deployTo),
      probeServices('system', stage.deployTo),
      probeServices('user', stage.deployTo),
      probeAccount(),
      ...(redis === null ? [] : [probeRedis(redis)]),
    ]),
  )
  const facts = preflightFrom(stage, host, { stdout, at: (asked + clock.now()) / 2 })
  const reply = new Reply(stdout)
  const units = (['system', 'user'] as const).flatMap((manager) => foundUnits(reply, manager))
  const remarks = [
    ...problemsOf(stage, host, facts).map(({ what, fix }) => error(what, fix)),
    ...accountRemarks(stage, host, { facts, account: accountFacts(reply), units }),
    ...treeRemarks(stage, facts, treeFacts(reply)),
    ...units.flatMap((unit) => unitRemarks(stage, facts, unit)),
    ...(redis === null ? [] : redisRemarks(redis, reply)),
    ...(await sourceRemarks(stage, host)),
  ]
  return remarks.map((remark) => ({ host: host.name, ...remark }))
}
