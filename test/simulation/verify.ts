import type { Fleet, World } from './fleet.ts'
import { endingOf } from './job-kinds.ts'
import type { JobEntry, Ledger } from './ledger.ts'

/** Notes every promise that the end of a simulation shows to be broken. */
export function verify(world: World, fleet: Fleet): void {
  const { ledger, state } = world
  const held = ledger.held()
  for (const entry of ledger.jobs.values()) verifyJob(ledger, entry, held.get(entry.plan.name) ?? 0)
  for (const [identity, { inFlight }] of state.workers) {
    ledger.break(`${identity} is still registered, with ${inFlight.size} jobs in flight`)
  }
  verifyCounters(world, fleet)
  for (const { lost, worker, phase } of fleet.members) {
    if (phase !== 'left') continue
    for (const job of lost) {
      if (job.aborted === null)
        ledger.break(`${worker.info.identity} never told a lost job (${job.claim.token})`)
    }
  }
}

function verifyJob(ledger: Ledger, { plan, ...entry }: JobEntry, places: number): void {
  const { name } = plan
  const wrong = (what: string) => ledger.break(`${name}, answered "${entry.answer}": ${what}`)
  const endings = entry.gone + entry.buried
  if (entry.answer === 'none') wrong('its enqueuer was never answered')
  if (entry.answer === 'not stored') {
    if (entry.starts + endings + places > 0) wrong('it ran or is stored')
    return
  }
  if (entry.answer === 'unknown' && endings === 0) {
    if (entry.starts + places > 0) wrong('it began and has not ended')
    return
  }
  if (endings !== 1) wrong(`it ended ${endings} times`)
  if (places !== entry.buried) wrong(`it is in ${places} places and was buried ${entry.buried} times`)
  const expected = endingOf(plan)
  if ((entry.buried > 0 ? 'dead' : 'gone') !== expected.ending) wrong(`it should be ${expected.ending}`)
  if (entry.retries !== expected.retries) wrong(`${entry.retries} retries instead of ${expected.retries}`)
}

/** What left in peace is counted in full; of what died, all but what its last beats did not bring home. */
function verifyCounters({ ledger, state }: World, fleet: Fleet): void {
  const processed = [...state.counts.values()].reduce((sum, day) => sum + day.processed, 0)
  const executed = (members: Fleet['members']) => members.reduce((sum, member) => sum + member.executed, 0)
  const least = executed(fleet.members.filter(({ worker }) => ledger.left.has(worker.info.identity)))
  const most = executed(fleet.members)
  if (processed < least || processed > most) {
    ledger.break(`processed ${processed}, executed at least ${least} and at most ${most}`)
  }
}
