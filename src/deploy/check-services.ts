import {
  type Check,
  distinct,
  isDuration,
  listOf,
  objectAt,
  oneOf,
  recordOf,
  shape,
  textLike,
  that,
  wholeNumber,
} from '../kernel/check.ts'
import { UsageError } from '../kernel/errors.ts'
import { absolutePath, role } from './checks.ts'
import { isUserName } from './parse-host.ts'

const TYPES = ['worker', 'sidekiq', 'unit']

const ANY = {
  type: oneOf(...TYPES),
  roles: distinct(role),
  manager: oneOf('system', 'user'),
  drain: isDuration,
}

const unit = textLike(
  'the full name of a unit, such as sidekiq.service',
  /^[A-Za-z0-9_][A-Za-z0-9:_.\\-]*(@[A-Za-z0-9:_.\\-]+)?\.(service|target|socket|timer)$/,
)

const environmentFile: Check = (value, where) =>
  absolutePath(typeof value === 'string' ? value.replace(/^-/, '') : value, where)

const WORKER = shape({
  ...ANY,
  processes: wholeNumber(1),
  cutover: oneOf('overlap', 'replace'),
  user: that('the name of a user', isUserName),
  options: listOf(textLike('a text of one line', /^[^\n\r]*$/)),
  timeout: isDuration,
  hardening: oneOf('off', 'basic', 'strict'),
  memoryMax: textLike("a size such as '512M', '2G' or '50%'", /^([1-9]\d*[KMGT]?|[1-9]\d?%|100%|infinity)$/),
  environmentFiles: distinct(environmentFile),
  credentials: recordOf(
    textLike('letters, digits, dots, hyphens and underscores', /^[\w.-]+$/),
    absolutePath,
  ),
})

const CHECKS: Readonly<Record<string, Check>> = {
  worker: WORKER,
  sidekiq: shape({ ...ANY, unit }),
  unit: shape({ ...ANY, unit }, ['unit']),
}

const service: Check = (value, where) => {
  const { type } = objectAt(value, where)
  if (type === undefined)
    throw new UsageError('config.invalid', `${where}: type is missing; expected one of ${TYPES.join(', ')}`)
  oneOf(...TYPES)(type, `${where}.type`)
  CHECKS[type as string]!(value, where)
}

/** Services by their names, which become parts of units' names. */
export const checkServices: Check = recordOf(
  textLike('a name of letters, digits, dots, hyphens and underscores', /^[A-Za-z0-9][A-Za-z0-9_.-]*$/),
  service,
)
