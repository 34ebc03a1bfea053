import type { Finding } from '../finding.ts'
import { entriesOf } from '../unit.ts'
import type { ServiceFacts } from './service-facts.ts'

/** Who it runs as. systemd-analyze verify is content with an empty User=, and systemd takes it for root. */
export function checkIdentity(service: ServiceFacts): Finding[] {
  const { unit, manager, value, find } = service
  const isWritten = entriesOf(unit, 'Service').some(({ name }) => name === 'User')
  const user = value('User')
  if (manager === 'user')
    return user === null
      ? []
      : [
          find('error', 'User', {
            what: `User=${user} in the unit of a user's own manager fails with 216/GROUP`,
            fix: 'take User= and Group= away: it runs as the user whose manager it is',
          }),
        ]
  if (value('DynamicUser') !== null) return []
  const fix = 'User=deploy, or whoever owns the releases; not root'
  if (user === null) {
    const what = isWritten ? 'User= is empty, which means root' : 'there is no User=, which means root'
    return [find('error', isWritten ? 'User' : null, { what: `${what}: every job can do anything`, fix })]
  }
  return user === 'root' || user === '0'
    ? [find('error', 'User', { what: 'it runs as root: every job can do anything', fix })]
    : []
}
